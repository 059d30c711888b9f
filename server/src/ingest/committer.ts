import { QuantumFluxError } from '@quantumflux/sdk/protocol';
import { comeBackIn, toQuantumFluxError } from '../http/errors.ts';
import { isOutage, isRefusal } from '../http/outage.ts';
import type { Log } from '../log.ts';
import { groupOf, type GroupEntry, type Piece } from './group.ts';
import type { Claim } from './idempotency.ts';

/** What one group commit stored. */
export type Committed = {
  epoch: number;
  entries: { partition: number; offset: number; payload: Uint8Array }[];
};

/** Stores a group in one transaction. Resolves once everything is on disk. */
export type AppendToJournal = (entries: GroupEntry[], claims: Claim[]) => Promise<Committed>;

/** A write on its way into a group. */
export type Write = { pieces: Piece[]; points: number; claims: readonly Claim[] };

export type CommitterPorts = {
  append: AppendToJournal;
  /** Told of every commit; the next one waits for it. */
  onCommit: (committed: Committed, points: number) => Promise<void>;
  log: Log;
};

type Waiting = Write & { since: number; resolve: () => void; reject: (error: unknown) => void };

/** Whoever has waited longer for a turn has been told so (patience.ts), and sends it again. */
const MAX_WAIT_MS = 1_500;

const NOT_CERTAIN =
  'The points may not be stored. Send them again in a moment, with the same Idempotency-Key if there was one; without, a point with the same time replaces the one before.';
const NOT_STORED = 'The database is too slow at the moment: the points are not stored. Send them again in a second.';

/**
 * Everything that arrives while one group is being committed makes up the next one, so a lone write waits for nothing
 * and a thousand of them share one commit.
 */
export function createCommitter({ append, onCommit, log }: CommitterPorts) {
  let waiting: Waiting[] = [];
  let committing: Promise<void> | undefined;

  async function commitAll(): Promise<void> {
    while (waiting.length > 0) {
      const group = waiting;
      waiting = [];
      await commitGroup(stillWanted(group));
    }
    committing = undefined;
  }

  async function commitGroup(group: Waiting[]): Promise<void> {
    if (group.length === 0) return;
    let committed: Committed;
    try {
      const claims = group.flatMap(({ claims }) => claims);
      committed = await append(groupOf(group.flatMap(({ pieces }) => pieces)), claims);
    } catch (cause) {
      return refuse(group, cause);
    }
    for (const { resolve } of group) resolve();
    await onCommit(
      committed,
      group.reduce((sum, { points }) => sum + points, 0),
    );
  }

  async function refuse(group: Waiting[], cause: unknown): Promise<void> {
    if (isOutage(cause)) {
      const error = toQuantumFluxError(cause);
      log.error('points could not be committed', cause);
      // Also a commit whose answer was lost: nobody knows whether it happened.
      const answer = error.code === 'unavailable' ? new QuantumFluxError('unavailable', NOT_CERTAIN, { cause }) : error;
      for (const { reject } of group) reject(answer);
    } else if (group.length === 1 || !isOfOne(cause)) {
      for (const { reject } of group) reject(cause);
    } else {
      // One of them is the reason. By halves, so that it is found among a thousand with twenty commits.
      const middle = group.length >> 1;
      await commitGroup(group.slice(0, middle));
      await commitGroup(group.slice(middle));
    }
  }

  return {
    /** Resolves once the write is on disk: all of it, or nothing. */
    commit(write: Write): Promise<void> {
      return new Promise((resolve, reject) => {
        waiting.push({ ...write, since: performance.now(), resolve, reject });
        // The next turn of the loop, so that requests of this one share the commit.
        committing ??= new Promise<void>((turn) => setImmediate(turn)).then(commitAll);
      });
    },

    /** Resolves once nothing is waiting any more. */
    async drain(): Promise<void> {
      await committing;
    },
  };
}

/** Without those that were waiting behind an outage for too long: their senders are gone or send them again. */
function stillWanted(group: Waiting[]): Waiting[] {
  const oldest = performance.now() - MAX_WAIT_MS;
  return group.filter(({ since, reject }) => {
    if (since >= oldest) return true;
    reject(comeBackIn(1_000, 'unavailable', NOT_STORED));
    return false;
  });
}

/** Whether what one write brings is the reason: the database refuses it, or it cannot even be encoded. */
function isOfOne(cause: unknown): boolean {
  return isRefusal(cause) || (cause instanceof Error && !('code' in cause));
}
