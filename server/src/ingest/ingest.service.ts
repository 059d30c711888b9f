import { QuantumFluxError, type StreamKind, type Tags } from '@quantumflux/sdk/protocol';
import type { Bus } from '../bus/bus.ts';
import type { Log } from '../log.ts';
import { createCommitter, type AppendToJournal } from './committer.ts';
import { createOnce, type Claim, type Idempotency } from './idempotency.ts';
import type { IdempotencyStore } from './idempotency.store.ts';
import type { PointBatch } from './point-batch.ts';

/** A stream as ingest needs to know it. */
type KnownStream = { id: number; key: string };
type WantedStream = {
  organization: string;
  key: string;
  stream: string;
  tags: Tags;
  unit: string | null;
  kind: StreamKind;
  public: boolean;
};

/** What ingest asks of others. */
export type IngestPorts = {
  /** The streams of an organization, made when missing, in the same order. */
  ensureStreams: (organization: string, wanted: WantedStream[]) => Promise<KnownStream[]>;
  partitionOf: (id: number) => number;
  /** Resolves once everything is on disk. */
  appendToJournal: AppendToJournal;
  idempotency: Pick<IdempotencyStore, 'find'>;
  bus: Bus;
  log: Log;
  /** Told of every commit. */
  onCommit?: (commit: { points: number; entries: number }) => void;
};

/** Most points that may wait for their commit: 64 MiB of columns. */
const MAX_WAITING_POINTS = 4 * 1_024 * 1_024;

/** A write that may come again, if it has a key. */
export type KeyedWrite = { batch: PointBatch; idempotency?: Idempotency | undefined };
type ClaimedWrite = { batch: PointBatch; claim: Claim | undefined };

/** A write is on disk; with `isReplay`, it has been before. */
export type Stored = { isReplay: boolean };

/** Takes points in. */
export function createIngestService(ports: IngestPorts) {
  const { ensureStreams, partitionOf, appendToJournal, bus, log } = ports;
  const once = createOnce(ports.idempotency);
  let waitingPoints = 0;

  const committer = createCommitter({
    append: appendToJournal,
    log,
    async onCommit({ epoch, entries }, points) {
      ports.onCommit?.({ points, entries: entries.length });
      await bus.publish('points', { epoch, entries });
    },
  });

  async function store(organization: string, writes: readonly ClaimedWrite[]): Promise<void> {
    const streams = writes.flatMap(({ batch }) => batch.streams);
    const known = await ensureStreams(
      organization,
      streams.map(({ columns: _, ...stream }) => ({ organization, ...stream })),
    );
    const pieces = streams.map(({ columns }, i) => {
      const { id } = known[i]!;
      return { id, partition: partitionOf(id), columns };
    });
    await committer.commit({ pieces, points: pointsIn(writes), claims: writes.flatMap(({ claim }) => claim ?? []) });
  }

  async function appendAll(organization: string, writes: readonly KeyedWrite[]): Promise<Stored[]> {
    const points = pointsIn(writes);
    if (waitingPoints + points > MAX_WAITING_POINTS) {
      throw new QuantumFluxError('unavailable', 'More points arrive than can be stored. Send them again in a second.');
    }
    waitingPoints += points;
    try {
      const claimed = writes.map(({ batch, idempotency }) => ({
        batch,
        claim: idempotency && { organization, ...idempotency },
      }));
      const replays = await once(
        claimed.flatMap(({ claim }) => claim ?? []),
        async (stored) => {
          const wanted = claimed.filter(({ claim }) => !claim || !stored.has(claim));
          if (wanted.length > 0) await store(organization, wanted);
        },
      );
      return claimed.map(({ claim }) => ({ isReplay: claim !== undefined && replays.has(claim) }));
    } finally {
      waitingPoints -= points;
    }
  }

  return {
    /**
     * Resolves once the whole batch is on disk; with `isReplay`, it has been before. Rejects otherwise; what is stored is
     * all of it or nothing.
     */
    async append(organization: string, batch: PointBatch, idempotency?: Idempotency): Promise<Stored> {
      return (await appendAll(organization, [{ batch, idempotency }]))[0]!;
    },

    /** The same for several writes, in this order, in one commit: all of them are stored, or none. */
    appendAll,

    /** Resolves once nothing is waiting any more. */
    drain: committer.drain,
  };
}

export type IngestService = ReturnType<typeof createIngestService>;

function pointsIn(writes: readonly { batch: PointBatch }[]): number {
  return writes.reduce((sum, { batch }) => sum + batch.points, 0);
}
