import { QuantumFluxError, type StreamKind, type Tags } from '@quantumflux/sdk/protocol';
import { publishCommit, type Bus } from '../bus/bus.ts';
import type { Log } from '../log.ts';
import { createCommitter, type AppendToJournal } from './committer.ts';
import type { Refused } from './format.ts';
import type { Piece } from './group.ts';
import { createOnce, type Claim, type Idempotency } from './idempotency.ts';
import type { IdempotencyStore } from './idempotency.store.ts';
import type { PointBatch, StreamPoints } from './point-batch.ts';
import { joinRefused } from './refusals.ts';

/** A stream as ingest needs to know it. */
type KnownStream = { id: number; key: string };
/** A stream that may not exist yet. */
export type WantedStream = {
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

type Sorted = { pieces: Piece[]; refused: Refused | undefined };
type Sort = (organization: string, streams: StreamPoints[]) => Promise<Sorted>;

/** Most points that may wait for their commit: 64 MiB of columns. */
const MAX_WAITING_POINTS = 4 * 1_024 * 1_024;

/** A write that may come again, if it has a key. */
export type KeyedWrite = { batch: PointBatch; idempotency?: Idempotency | undefined };
type ClaimedWrite = { batch: PointBatch; claim: Claim | undefined };

/** A write is on disk, but for what is `refused`; with `isReplay`, it has been before. */
export type Stored = { isReplay: boolean; refused?: Refused | undefined };

/** Takes points in. */
export function createIngestService(ports: IngestPorts) {
  const { ensureStreams, partitionOf, appendToJournal, bus, log } = ports;
  const once = createOnce(ports.idempotency);
  let waitingPoints = 0;

  const committer = createCommitter({
    append: appendToJournal,
    log,
    async onCommit(commit, points) {
      ports.onCommit?.({ points, entries: commit.entries.length });
      await publishCommit(bus, commit);
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

  /** Which of the claims were stored before, and what of the rest did not fit. */
  async function take(organization: string, writes: readonly ClaimedWrite[], sort: Sort) {
    const points = pointsIn(writes);
    if (waitingPoints + points > MAX_WAITING_POINTS) {
      throw new QuantumFluxError('unavailable', 'More points arrive than can be stored. Send them again in a second.');
    }
    let refused: Refused | undefined;
    const store = async (stored: ReadonlySet<Claim>) => {
      const wanted = writes.filter(({ claim }) => !claim || !stored.has(claim));
      if (wanted.length === 0) return;
      const sorted = await sort(
        organization,
        wanted.flatMap(({ batch }) => batch.streams),
      );
      ({ refused } = sorted);
      const fitting = pointsIn(wanted) - (refused?.points ?? 0);
      const claims = wanted.flatMap(({ claim }) => claim ?? []);
      if (fitting > 0) await committer.commit({ pieces: sorted.pieces, points: fitting, claims });
    };

    waitingPoints += points;
    try {
      const replays = await once(
        writes.flatMap(({ claim }) => claim ?? []),
        store,
      );
      return { replays, refused };
    } finally {
      waitingPoints -= points;
    }
  }

  async function appendAll(organization: string, writes: readonly KeyedWrite[]): Promise<Stored[]> {
    const claimed = writes.map(({ batch, idempotency }) => ({
      batch,
      claim: idempotency && { organization, ...idempotency },
    }));
    const { replays } = await take(organization, claimed, sortAll);
    return claimed.map(({ claim }) => ({ isReplay: claim !== undefined && replays.has(claim) }));
  }

  return {
    /**
     * Resolves once the whole batch is on disk; with `isReplay`, it has been before. Rejects otherwise; what is stored is
     * all of it or nothing.
     */
    async append(organization: string, batch: PointBatch, idempotency?: Idempotency): Promise<Stored> {
      return (await appendAll(organization, [{ batch, idempotency }]))[0]!;
    },

    /** The same without the streams that are stored with another unit or kind: these are `refused`, the rest is on disk. */
    async appendFitting(organization: string, batch: PointBatch, idempotency?: Idempotency): Promise<Stored> {
      const claim = idempotency && { organization, ...idempotency };
      const { replays, refused } = await take(organization, [{ batch, claim }], sortFitting);
      const isReplay = claim !== undefined && replays.has(claim);
      // What did not fit the first time is told again.
      return { isReplay, refused: isReplay ? (await sortFitting(organization, batch.streams)).refused : refused };
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
