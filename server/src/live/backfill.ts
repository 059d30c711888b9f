import type { Entry } from './follower.ts';

/** An entry of a partition that is known. */
export type Missed = { readonly offset: number; readonly payload: Uint8Array };

/** Entries of a partition after one offset, up to and with another. */
export type Stretch = { partition: number; after: number; last: number };

/** What backfill asks of others. */
export type BackfillPorts = {
  /** Entries of the journal after an offset, oldest first; fewer than there are when a limit is met. */
  journal: {
    after(partition: number, offset: number, limits: { entries: number; bytes: number }): Promise<Entry[]>;
  };
  /** The newest entries, in memory. */
  recent: {
    since(partition: number, offset: number): readonly Missed[] | undefined;
    reach(partition: number): number | undefined;
  };
  /** Told how many rows of the journal were read. */
  onRead: (rows: number) => void;
};

const defaults = {
  /** Most entries of one read of the journal. */
  readEntries: 1_024,
  /** Most bytes of one read of the journal. */
  readBytes: 1_024 * 1_024,
  /** Most bytes that are kept of all reads; what was not used the longest goes first. */
  maxBytes: 64 * 1_024 * 1_024,
  /** How long a read is kept after it was used last, in ms: longer than a storm of those who come back. */
  keepMs: 60_000,
};

export type BackfillOptions = Partial<typeof defaults>;

/**
 * Reads what readers missed: from memory, and what is older from the journal, in reads that all share. However many come
 * back at once, and wherever each of them is, a row of the journal is read once.
 */
export function createBackfill({ journal, recent, onRead }: BackfillPorts, options: BackfillOptions = {}) {
  const { readEntries, readBytes, maxBytes, keepMs } = { ...defaults, ...options };
  /** Reads by partition, in the order of their offsets; they do not overlap. */
  let reads = new Map<number, Read[]>();
  /** All of them, the one that was used last at the end. */
  let used = new Set<Read>();
  /** Up to here a partition is no longer in the journal: its oldest entries go first. */
  let gone = new Map<number, number>();
  let bytes = 0;

  /** The read that has, or will have, the entry with this offset; one that is begun now ends before the next one. */
  function readWith({ partition, after, last }: Stretch): Read {
    const siblings = reads.get(partition) ?? [];
    const index = siblings.findLastIndex((read) => read.after <= after);
    const known = siblings[index];
    if (known && after < known.last) {
      used.delete(known);
      used.add(known);
      known.timer.refresh();
      return known;
    }
    const end = Math.min(last, after + readEntries, siblings[index + 1]?.after ?? Infinity);
    const read: Read = {
      partition,
      after,
      last: end,
      bytes: 0,
      entries: load({ partition, after, last: end }),
      timer: setTimeout(() => drop(read), keepMs).unref(),
    };
    reads.set(partition, siblings.toSpliced(index + 1, 0, read));
    used.add(read);
    // Nothing failed is kept, nor what a limit of bytes cut off.
    read.entries.then(
      (entries) => keep(read, entries),
      () => drop(read),
    );
    return read;
  }

  async function load({ partition, after, last }: Stretch): Promise<readonly Missed[]> {
    const goneThen = gone;
    const rows = await journal.after(partition, after, { entries: last - after, bytes: readBytes });
    onRead(rows.length);
    const first = rows[0]?.offset ?? last + 1;
    if (first > after + 1) goneThen.set(partition, Math.max(first - 1, goneThen.get(partition) ?? 0));
    return first > after + 1 ? [] : rows;
  }

  function keep(read: Read, entries: readonly Missed[]): void {
    if (!used.has(read)) return;
    const last = entries.at(-1)?.offset;
    if (last === undefined) return drop(read);
    read.last = last;
    read.bytes = entries.reduce((sum, { payload }) => sum + payload.length, 0);
    bytes += read.bytes;
    for (const oldest of used) {
      if (bytes <= maxBytes) return;
      if (oldest.bytes > 0) drop(oldest);
    }
  }

  function drop(read: Read): void {
    clearTimeout(read.timer);
    if (!used.delete(read)) return;
    bytes -= read.bytes;
    reads.set(
      read.partition,
      reads.get(read.partition)!.filter((each) => each !== read),
    );
  }

  return {
    /**
     * The entries of a stretch, oldest first and without a hole. Undefined when a part of it is no longer there, or when
     * they are more than `limit` bytes together.
     */
    async read({ partition, after, last }: Stretch, limit = Infinity): Promise<Missed[] | undefined> {
      const found: Missed[] = [];
      let room = limit;
      for (let at = after; at < last;) {
        if (at < (gone.get(partition) ?? 0)) return undefined;
        const held = recent.since(partition, at);
        for (const entry of held?.length ? held : await older({ partition, after: at, last })) {
          if (entry.offset > last) break;
          room -= entry.payload.length;
          if (room < 0) return undefined;
          found.push(entry);
          at = entry.offset;
        }
      }
      return found;
    },

    /** The journal is another one. */
    clear(): void {
      for (const { timer } of used) clearTimeout(timer);
      reads = new Map();
      used = new Set();
      gone = new Map();
      bytes = 0;
    },
  };

  /**
   * The next entries of a stretch, from the journal. None when the first is gone, which is known from then on, or when the
   * read that was to have it came less far.
   */
  async function older({ partition, after, last }: Stretch): Promise<readonly Missed[]> {
    // What is in memory by then needs not be read.
    const reach = recent.reach(partition) ?? Infinity;
    const entries = await readWith({ partition, after, last: reach > after ? Math.min(last, reach) : last }).entries;
    return after < (entries.at(-1)?.offset ?? 0) ? entries.slice(after + 1 - entries[0]!.offset) : [];
  }
}

export type Backfill = ReturnType<typeof createBackfill>;

/** One read of the journal. `last`: up to where it was asked for, and once it is there, up to where it came. */
type Read = Stretch & { entries: Promise<readonly Missed[]>; bytes: number; timer: NodeJS.Timeout };
