import { QuantumFluxError, type StreamKind, type Tags } from '@quantumflux/sdk/protocol';
import type { Bus } from '../bus/bus.ts';
import type { Log } from '../log.ts';
import { createCommitter, type AppendToJournal } from './committer.ts';
import { createOnce, type Idempotency } from './idempotency.ts';
import type { IdempotencyStore } from './idempotency.store.ts';
import type { Refused } from './format.ts';
import type { Piece } from './group.ts';
import type { PointBatch, StreamPoints } from './point-batch.ts';
import { joinRefused } from './refusals.ts';

/** A stream as ingest needs to know it. */
type KnownStream = { id: number; key: string };
type WantedStream = {
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

/** What became of a batch. */
type Taken = { isReplay: boolean; refused: Refused | undefined };

type Sort = (
  organization: string,
  streams: StreamPoints[],
) => Promise<{ pieces: Piece[]; refused: Refused | undefined }>;

type Taking = { organization: string; batch: PointBatch; idempotency: Idempotency | undefined; sort: Sort };

/** Most points that may wait for their commit: 64 MiB of columns. */
const MAX_WAITING_POINTS = 4 * 1_024 * 1_024;

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

  /** The points of streams, under the ids of these. Another unit or kind than is stored is a `conflict`. */
  const sortAll: Sort = async (organization, streams) => {
    const known = await ensureStreams(organization, streams);
    const pieces = streams.map(({ columns }, i) => {
      const { id } = known[i]!;
      return { id, partition: partitionOf(id), columns };
    });
    return { pieces, refused: undefined };
  };

  /** The same without the streams that conflict. By halves, so that one among thousands is found with twenty questions. */
  const sortFitting: Sort = async (organization, streams) => {
    try {
      return await sortAll(organization, streams);
    } catch (cause) {
      if (!(cause instanceof QuantumFluxError) || cause.code !== 'conflict') throw cause;
      const [only] = streams;
      if (streams.length === 1) {
        return { pieces: [], refused: { points: only!.columns.times.length, message: cause.message } };
      }
      const middle = streams.length >> 1;
      const first = await sortFitting(organization, streams.slice(0, middle));
      const second = await sortFitting(organization, streams.slice(middle));
      return { pieces: first.pieces.concat(second.pieces), refused: joinRefused(first.refused, second.refused) };
    }
  };

  async function take({ organization, batch, idempotency, sort }: Taking): Promise<Taken> {
    if (waitingPoints + batch.points > MAX_WAITING_POINTS) {
      throw new QuantumFluxError('unavailable', 'More points arrive than can be stored. Send them again in a second.');
    }
    const claim = idempotency && { organization, ...idempotency };
    let refused: Refused | undefined;
    const store = async () => {
      const sorted = await sort(organization, batch.streams);
      ({ refused } = sorted);
      const points = batch.points - (refused?.points ?? 0);
      if (points > 0) await committer.commit({ pieces: sorted.pieces, points, claim });
    };

    waitingPoints += batch.points;
    try {
      if (!claim) await store();
      const { isReplay } = claim ? await once(claim, store) : { isReplay: false };
      // What did not fit the first time is told again.
      if (isReplay) ({ refused } = await sort(organization, batch.streams));
      return { isReplay, refused };
    } finally {
      waitingPoints -= batch.points;
    }
  }

  return {
    /**
     * Resolves once the whole batch is on disk; with `isReplay`, it has been before. Rejects otherwise; what is stored is
     * all of it or nothing.
     */
    append: (organization: string, batch: PointBatch, idempotency?: Idempotency): Promise<Taken> =>
      take({ organization, batch, idempotency, sort: sortAll }),

    /** The same without the streams that are stored with another unit or kind: these are `refused`, the rest is on disk. */
    appendFitting: (organization: string, batch: PointBatch, idempotency?: Idempotency): Promise<Taken> =>
      take({ organization, batch, idempotency, sort: sortFitting }),

    /** Resolves once nothing is waiting any more. */
    drain: committer.drain,
  };
}

export type IngestService = ReturnType<typeof createIngestService>;
