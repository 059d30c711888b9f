import { QuantumFluxError, type StreamKind, type Tags } from '@quantumflux/sdk/protocol';
import type { Bus } from '../bus/bus.ts';
import type { Log } from '../log.ts';
import { groupOf, type GroupEntry, type Piece } from './group.ts';
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
  appendToJournal: (entries: GroupEntry[]) => Promise<{
    epoch: number;
    entries: { partition: number; offset: number; payload: Uint8Array }[];
  }>;
  bus: Bus;
  log: Log;
  /** Told of every commit. */
  onCommit?: (commit: { points: number; entries: number }) => void;
};

type Waiting = { pieces: Piece[]; points: number; resolve: () => void; reject: (error: unknown) => void };

const NOT_CERTAIN =
  'The points may not be stored. Send them again in a moment: a point with the same time replaces the one before.';

/** Most points that may wait for their commit: 64 MiB of columns. */
const MAX_WAITING_POINTS = 4 * 1_024 * 1_024;

/**
 * Takes points in. Everything that arrives while one group is being committed makes up the next one, so a lone write
 * waits for nothing and a thousand of them share one commit.
 */
export function createIngestService({ ensureStreams, partitionOf, appendToJournal, bus, log, onCommit }: IngestPorts) {
  let waiting: Waiting[] = [];
  let waitingPoints = 0;
  let committing: Promise<void> | undefined;

  async function commitAll(): Promise<void> {
    while (waiting.length > 0) {
      const group = waiting;
      waiting = [];
      try {
        const { epoch, entries } = await appendToJournal(groupOf(group.flatMap(({ pieces }) => pieces)));
        for (const { resolve } of group) resolve();
        onCommit?.({ points: group.reduce((sum, { points }) => sum + points, 0), entries: entries.length });
        await bus.publish('points', { epoch, entries });
      } catch (cause) {
        log.error('points could not be committed', cause);
        const error = new QuantumFluxError('unavailable', NOT_CERTAIN, { cause });
        for (const { reject } of group) reject(error);
      }
    }
    committing = undefined;
  }

  async function store(organization: string, { streams, points }: PointBatch): Promise<void> {
    const known = await ensureStreams(
      organization,
      streams.map(({ columns: _, ...stream }) => ({ organization, ...stream })),
    );
    const pieces = streams.map(({ columns }, i) => {
      const { id } = known[i]!;
      return { id, partition: partitionOf(id), columns };
    });
    await new Promise<void>((resolve, reject) => {
      waiting.push({ pieces, points, resolve, reject });
      // The next turn of the loop, so that requests of this one share the commit.
      committing ??= new Promise<void>((turn) => setImmediate(turn)).then(commitAll);
    });
  }

  return {
    /** Resolves once the whole batch is on disk. Rejects with a QuantumFluxError; what is stored is all of it or nothing. */
    async append(organization: string, batch: PointBatch): Promise<void> {
      if (waitingPoints + batch.points > MAX_WAITING_POINTS) {
        throw new QuantumFluxError(
          'unavailable',
          'More points arrive than can be stored. Send them again in a second.',
        );
      }
      waitingPoints += batch.points;
      try {
        await store(organization, batch);
      } finally {
        waitingPoints -= batch.points;
      }
    },

    /** Resolves once nothing is waiting any more. */
    async drain(): Promise<void> {
      await committing;
    },
  };
}

export type IngestService = ReturnType<typeof createIngestService>;
