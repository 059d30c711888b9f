import type { Position } from '@quantumflux/sdk/protocol';
import { setTimeout as sleep } from 'node:timers/promises';
import { reaches, type Floor } from './floor.ts';
import type { ReadSnapshot } from './snapshot.ts';

/** A replica, as questions about points use it. */
export type SnapshotReplica = {
  isUp(): boolean;
  /** Undefined when the replica could not be read; what was wrong is seen to. */
  attempt<T>(read: () => Promise<T>): Promise<{ answer: T } | undefined>;
  leaveOut(reason: string): void;
  snapshot: ReadSnapshot;
};

export type ReplicaSnapshotPorts = {
  primary: ReadSnapshot;
  replicas: readonly SnapshotReplica[];
  floor: Floor;
  /** Told who answered. */
  onRead?: (from: 'replica' | 'primary') => void;
};

const defaults = {
  /** How long a question waits for replicas that are behind the floor, in ms. */
  patienceMs: 100,
  /** How often it looks meanwhile, in ms. */
  lookMs: 10,
};

type Found<T> = { answer: T; position: Position };

/**
 * Snapshots of replicas, in turn. One that is behind what this server has told anyone is waited for a moment; then, and
 * when none can be read, the snapshot is the primary's. So a question never goes back behind the answer to an earlier one,
 * nor behind a write that this server has confirmed. All partitions count, not only those that are asked for: the
 * position that goes with the answer speaks of all.
 */
export function createReplicaSnapshots(
  { primary, replicas, floor, onRead = () => {} }: ReplicaSnapshotPorts,
  options: Partial<typeof defaults> = {},
): ReadSnapshot {
  const { patienceMs, lookMs } = { ...defaults, ...options };
  let turn = 0;

  function inTurn(): SnapshotReplica[] {
    const first = turn++ % Math.max(1, replicas.length);
    return [...replicas.slice(first), ...replicas.slice(0, first)].filter((replica) => replica.isUp());
  }

  return async (work, signal) => {
    type Answer = Awaited<ReturnType<typeof work>>;

    async function ofReplicas(least: Position): Promise<Found<Answer> | undefined> {
      const until = performance.now() + patienceMs;
      for (;;) {
        const behind: SnapshotReplica[] = [];
        for (const replica of inTurn()) {
          let hasBegun = false;
          const read = () =>
            replica.snapshot(async (stored): Promise<Found<Answer> | undefined> => {
              if (!reaches(stored.position, least)) return undefined;
              hasBegun = true;
              return { answer: await work(stored), position: stored.position };
            }, signal);
          // Whoever left is not the replica's fault, and nobody else is to be asked for him.
          const done = await replica.attempt(() =>
            read().catch((error: unknown) => {
              if (signal?.aborted) return undefined;
              throw error;
            }),
          );
          signal?.throwIfAborted();
          if (done?.answer) return done.answer;
          // What one replica gave up half way is not tried at all of them.
          if (hasBegun) return undefined;
          if (done) behind.push(replica);
        }
        if (behind.length === 0) return undefined;
        if (performance.now() >= until) {
          for (const replica of behind) replica.leaveOut('it is behind what this server has told');
          return undefined;
        }
        await sleep(lookMs);
      }
    }

    const least = floor.position();
    const found = least && (await ofReplicas(least));
    if (found) {
      floor.hear(found.position);
      onRead('replica');
      return found.answer;
    }
    onRead('primary');
    return primary((stored) => {
      floor.raise(stored.position);
      return work(stored);
    }, signal);
  };
}
