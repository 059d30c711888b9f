import type { Log } from '../log.ts';

/** What one group commit stored in one partition. */
export type Entry = { partition: number; offset: number; payload: Uint8Array };

/** How much a read may bring at a time. */
export type ReadLimits = { entries: number; bytes: number };

export type TailPorts = {
  partition: number;
  /** Entries of the journal after an offset, oldest first. */
  after: (partition: number, offset: number, limits: ReadLimits) => Promise<Entry[]>;
  /** Called in the order of the offsets, every entry once. */
  onEntry: (entry: Entry) => void;
  /** What is missing is no longer in the journal: nobody can be told of it one by one. */
  onTooLate: () => Promise<void>;
  log: Log;
};

export type TailOptions = {
  /** How long to wait for a hint that others have overtaken before the journal is read, in ms. Default 15. */
  patienceMs?: number;
};

const CATCH_UP: ReadLimits = { entries: 1_000, bytes: 8 * 1_024 * 1_024 };

/** Entries that came before one that is missing, and are kept until it comes. Of more, the journal is read. */
const MAX_AHEAD = 1_000;
const MAX_AHEAD_BYTES = 4 * 1_024 * 1_024;

/**
 * The end of one partition. Hints bring it early and in any order; what they lack is read from the journal, one read at a
 * time.
 */
export function createTail(
  { partition, after, onEntry, onTooLate, log }: TailPorts,
  start: number,
  { patienceMs = 15 }: TailOptions = {},
) {
  /** Up to here everything was handed on. */
  let offset = start;
  /** As far as the journal is known to go. */
  let goal = start;
  /** Counts the journals that there were. */
  let age = 0;
  let isOpen = true;
  const ahead = new Map<number, Entry>();
  let aheadBytes = 0;
  let timer: NodeJS.Timeout | undefined;
  let reading: Promise<void> | undefined;

  function take(entry: Entry): void {
    for (let next: Entry | undefined = entry; next; next = ahead.get(next.offset + 1)) {
      forget(next);
      offset = next.offset;
      onEntry(next);
    }
    lookAround();
  }

  /** What is still missing has its own time to come. */
  function lookAround(): void {
    clearTimeout(timer);
    timer = undefined;
    expect(offset);
  }

  function keep(entry: Entry): void {
    if (ahead.has(entry.offset) || ahead.size >= MAX_AHEAD || aheadBytes + entry.payload.length > MAX_AHEAD_BYTES)
      return;
    ahead.set(entry.offset, entry);
    aheadBytes += entry.payload.length;
  }

  function forget(entry: Entry): void {
    if (ahead.delete(entry.offset)) aheadBytes -= entry.payload.length;
  }

  function expect(head: number): void {
    if (head > goal) goal = head;
    if (!isOpen || goal <= offset || reading || timer) return;
    timer = setTimeout(() => {
      timer = undefined;
      catchUp();
    }, patienceMs);
  }

  function catchUp(): void {
    reading = readOn(age).then(
      () => {
        reading = undefined;
        lookAround();
      },
      (error: unknown) => {
        reading = undefined;
        log.warn('the journal could not be read; trying again with the next sweep', error);
      },
    );
  }

  async function readOn(journal: number): Promise<void> {
    while (offset < goal) {
      const entries = await after(partition, offset, CATCH_UP);
      if (!isOpen || age !== journal) return;
      // Hints may have brought some of them meanwhile.
      const from: number = offset;
      const news = entries.filter((entry) => entry.offset > from);
      if (news.length === 0 ? from < goal : news[0]!.offset > from + 1) return onTooLate();
      for (const entry of news) if (entry.offset === offset + 1) take(entry);
    }
  }

  return {
    /** Up to here everything was handed on. */
    offset: () => offset,

    /** The journal is another one, or an older state of it: what was heard is of the old one. */
    restart(from: number): void {
      age += 1;
      ahead.clear();
      aheadBytes = 0;
      offset = goal = from;
      lookAround();
    },

    /** A hint brought this entry. */
    hear(entry: Entry): void {
      if (!isOpen || entry.offset <= offset) return;
      if (entry.offset === offset + 1) return take(entry);
      keep(entry);
      expect(entry.offset);
    },

    /** The journal goes up to there. */
    expect,

    async stop(): Promise<void> {
      isOpen = false;
      clearTimeout(timer);
      await reading;
    },
  };
}

export type Tail = ReturnType<typeof createTail>;
