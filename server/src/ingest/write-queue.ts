import { MAX_BATCH_POINTS } from '@quantumflux/sdk/protocol';
import { toQuantumFluxError } from '../http/errors.ts';
import type { KeyedWrite, Stored } from './ingest.service.ts';

/** Stores all of these writes, in this order, or none. */
export type AppendWrites = (writes: readonly KeyedWrite[]) => Promise<readonly Stored[]>;

/** The writes of one sender, on their way to the disk. */
export type WriteQueue = {
  /** Resolves once the write is on disk. What was added before it is stored before it, or with it. */
  add(write: KeyedWrite): Promise<Stored>;
  /** Resolves once nothing is waiting any more. */
  drain(): Promise<void>;
};

/** Most writes that share one append. */
const MAX_WRITES = 1_000;

type Waiting = KeyedWrite & { resolve: (stored: Stored) => void; reject: (cause: unknown) => void };

/**
 * Stores the writes of one sender in the order in which they came. Those that arrive while an append is under way make up
 * the next one, so a sender that does not wait for each answer pays for few commits.
 */
export function createWriteQueue(append: AppendWrites): WriteQueue {
  const waiting: Waiting[] = [];
  let working: Promise<void> | undefined;

  async function work(): Promise<void> {
    while (waiting.length > 0) await store(waiting.splice(0, countOfNext(waiting)));
    working = undefined;
  }

  async function store(writes: readonly Waiting[]): Promise<void> {
    try {
      const stored = await append(writes);
      writes.forEach(({ resolve }, i) => resolve(stored[i]!));
    } catch (cause) {
      if (writes.length === 1 || isOfAll(cause)) {
        for (const { reject } of writes) reject(cause);
        return;
      }
      // One of them is the reason. By halves, which keeps their order.
      const middle = writes.length >> 1;
      await store(writes.slice(0, middle));
      await store(writes.slice(middle));
    }
  }

  return {
    add(write) {
      return new Promise((resolve, reject) => {
        waiting.push({ ...write, resolve, reject });
        // The next turn of the loop, so that what came with it shares the append.
        working ??= new Promise<void>((turn) => setImmediate(turn)).then(work);
      });
    },
    async drain() {
      await working;
    },
  };
}

/** How many of those that wait go into one append: no more points than one write may have, and each key once. */
function countOfNext(waiting: readonly Waiting[]): number {
  const keys = new Set<string>();
  let points = 0;
  for (const [i, { batch, idempotency }] of waiting.slice(0, MAX_WRITES).entries()) {
    points += batch.points;
    if (i > 0 && (points > MAX_BATCH_POINTS || (idempotency && keys.has(idempotency.key)))) return i;
    if (idempotency) keys.add(idempotency.key);
  }
  return Math.min(waiting.length, MAX_WRITES);
}

/** Whether none of them could have been stored, whatever is in them. */
function isOfAll(cause: unknown): boolean {
  const { code } = toQuantumFluxError(cause);
  return code === 'unavailable' || code === 'storage_full';
}
