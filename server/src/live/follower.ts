import type { Position } from '@quantumflux/sdk/protocol';
import type { Bus, Stop } from '../bus/bus.ts';
import type { Log } from '../log.ts';

/** What one group commit stored in one partition. */
export type Entry = { partition: number; offset: number; payload: Uint8Array };

/** What the follower asks of the journal. */
export type JournalTail = {
  heads(): Promise<Position>;
  after(partition: number, offset: number, limits: { entries: number; bytes: number }): Promise<Entry[]>;
};

/** Who follows. Called in the order of the offsets, every entry once. */
export type Reader = {
  onEntry: (entry: Entry) => void;
  /** The journal is another one, or an older state of it: everybody starts again. */
  onReset: (position: Position) => void;
};

export type FollowerOptions = {
  /** How often lost hints are looked for, in ms. Default 1000. */
  sweepMs?: number;
  /** The same while the bus is down. Default 250. */
  sweepWhileDownMs?: number;
};

const CATCH_UP = { entries: 1_000, bytes: 8 * 1_024 * 1_024 };

/**
 * Follows the journal from now on. The bus brings entries early; what it loses is read from the journal when the next
 * entry, or the sweep, shows that something is missing.
 */
export async function followJournal(
  { journal, bus, log }: { journal: JournalTail; bus: Bus; log: Log },
  { onEntry, onReset }: Reader,
  { sweepMs = 1_000, sweepWhileDownMs = 250 }: FollowerOptions = {},
): Promise<{ position: () => Position; stop: Stop }> {
  const start = await journal.heads();
  let epoch = start.epoch;
  let offsets = new Map(start.offsets);
  const catchingUp = new Map<number, Promise<void>>();
  let open = true;

  function hear(entry: Entry): void {
    const head = offsets.get(entry.partition) ?? 0;
    // While a read is under way it brings this entry too, or the sweep does.
    if (entry.offset <= head || catchingUp.has(entry.partition)) return;
    if (entry.offset > head + 1) return catchUp(entry.partition, entry.offset);
    offsets.set(entry.partition, entry.offset);
    onEntry(entry);
  }

  /** Reads on from where we are to `head` at least, one read per partition at a time. */
  function catchUp(partition: number, head: number): void {
    if (catchingUp.has(partition)) return;
    const reading = readOn(partition, head)
      .catch((error: unknown) => log.warn('the journal could not be read; trying again with the next sweep', error))
      .finally(() => catchingUp.delete(partition));
    catchingUp.set(partition, reading);
  }

  async function readOn(partition: number, head: number): Promise<void> {
    const next = () => (offsets.get(partition) ?? 0) + 1;
    for (;;) {
      const entries = await journal.after(partition, next() - 1, CATCH_UP);
      // What is between is compacted and no longer in the journal: nobody can be told of it one by one.
      const isTooLate = entries.length === 0 ? next() <= head : entries[0]!.offset > next();
      if (!open) return;
      if (isTooLate) return reset(await journal.heads());
      for (const entry of entries) {
        if (!open || entry.offset !== next()) return;
        offsets.set(partition, entry.offset);
        onEntry(entry);
      }
      if (entries.length === 0) return;
    }
  }

  function reset(heads: Position): void {
    epoch = heads.epoch;
    offsets = new Map(heads.offsets);
    onReset(heads);
  }

  async function sweep(): Promise<void> {
    const heads = await journal.heads();
    const isRewound = heads.offsets.some(([partition, offset]) => offset < (offsets.get(partition) ?? 0));
    // A head that was read before an entry was heard looks like an older state; only a second look tells.
    if (heads.epoch !== epoch || (isRewound && (await isStillRewound()))) return reset(await journal.heads());
    for (const [partition, offset] of heads.offsets)
      if (offset > (offsets.get(partition) ?? 0)) catchUp(partition, offset);
  }

  async function isStillRewound(): Promise<boolean> {
    const ours = new Map(offsets);
    return (await journal.heads()).offsets.some(([partition, offset]) => offset < (ours.get(partition) ?? 0));
  }

  let timer: NodeJS.Timeout;
  function scheduleSweep(): void {
    timer = setTimeout(
      () =>
        void sweep()
          .catch((error: unknown) => log.warn('the heads of the journal could not be read; trying again', error))
          .finally(() => open && scheduleSweep()),
      bus.isUp() ? sweepMs : sweepWhileDownMs,
    );
  }

  const unsubscribe = await bus.subscribe('points', (message) => {
    if (message.epoch !== epoch) return void sweep().catch(() => undefined);
    for (const entry of message.entries) hear(entry);
  });
  scheduleSweep();

  return {
    position: () => ({ epoch, offsets: [...offsets] }),
    async stop() {
      open = false;
      clearTimeout(timer);
      await unsubscribe();
      await Promise.all(catchingUp.values());
    },
  };
}
