import { z } from 'zod';
import { Prisma, type PrismaClient } from '../database/generated/client.ts';
import type { Stream } from './stream.ts';

/** A stream that may not exist yet. */
export type NewStream = Omit<Stream, 'id' | 'retentionMs'>;

/**
 * Streams as they were at one moment. What is changed from then on, and perhaps a little of what was changed before, is
 * found by `changedSince(mark)`: transactions below the mark had ended.
 */
export type StreamsAt = { mark: bigint; streams: Stream[] };

/** What the store reads with; with replicas, `$replica` is the client of one of them. And how long new streams are kept. */
type Options = { reads?: { $replica(): Pick<PrismaClient, '$queryRaw'> }; retentionMs?: number | null | undefined };

/** Streams that one statement makes or looks for. */
const PIECE = 1_000;

const storedStream = z.object({
  id: z.int(),
  organization: z.string(),
  key: z.string(),
  stream: z.string(),
  tags: z.record(z.string(), z.string()),
  unit: z.string().nullable(),
  kind: z.enum(['gauge', 'counter']),
  public: z.boolean(),
  retentionMs: z.number().nullable(),
});

/** The streams table. How long a new stream is kept, in ms, `retentionMs` says; null, the default, is for ever. */
export function createStreamStore(
  prisma: PrismaClient,
  { reads = { $replica: () => prisma }, retentionMs = null }: Options = {},
) {
  /** In one statement, so that mark and streams are of the same moment. */
  async function streamsAt(client: Pick<PrismaClient, '$queryRaw'>, condition: Prisma.Sql): Promise<StreamsAt> {
    const rows = await client.$queryRaw<{ mark: string; id: number | null }[]>`
      SELECT moment.mark::text AS mark, s.id, s.organization_id::text AS organization, s."key", s.name AS stream, s.tags,
        s.unit, s.kind::text AS kind, s.public, s.retention_ms AS "retentionMs"
      FROM (SELECT pg_snapshot_xmin(pg_current_snapshot()) AS mark) AS moment
      LEFT JOIN stream s ON ${condition} ORDER BY s.id`;
    const streams = rows.filter(({ id }) => id !== null).map((row) => storedStream.parse(row));
    return { mark: BigInt(rows[0]!.mark), streams };
  }

  async function withKeys(organization: string, keys: string[]): Promise<Stream[]> {
    return (await prisma.stream.findMany({ where: { organizationId: organization, key: { in: keys } } })).map(streamOf);
  }

  /** As arrays, for with a parameter per value a thousand streams take ten times as long. Made elsewhere: left out. */
  async function make(organization: string, streams: NewStream[]): Promise<Stream[]> {
    const column = <T>(value: (stream: NewStream) => T) => streams.map(value);
    const rows = await prisma.$queryRaw<unknown[]>`
      INSERT INTO stream (organization_id, "key", name, tags, unit, kind, public, retention_ms)
      SELECT ${organization}::uuid, new."key", new.name, new.tags::jsonb, new.unit, new.kind::stream_kind, new.public,
         ${retentionMs}::float8
      FROM unnest(${column(({ key }) => key)}::text[], ${column(({ stream }) => stream)}::text[],
        ${column(({ tags }) => JSON.stringify(tags))}::text[], ${column(({ unit }) => unit)}::text[],
        ${column(({ kind }) => kind)}::text[], ${column((each) => each.public)}::boolean[])
        AS new("key", name, tags, unit, kind, public)
      ON CONFLICT (organization_id, "key") DO NOTHING
      RETURNING id, organization_id::text AS organization, "key", name AS stream, tags, unit, kind::text AS kind, public,
         retention_ms AS "retentionMs"`;
    return rows.map((row) => storedStream.parse(row));
  }

  async function ensurePiece(organization: string, streams: NewStream[]): Promise<Stream[]> {
    const known = await withKeys(
      organization,
      streams.map(({ key }) => key),
    );
    const isKnown = new Set(known.map(({ key }) => key));
    const missing = streams.filter(({ key }) => !isKnown.has(key));
    if (missing.length === 0) return known;
    // Another server may make the same ones at this moment; the unique key decides.
    const made = await make(organization, missing);
    const isMade = new Set(made.map(({ key }) => key));
    const elsewhere = missing.flatMap(({ key }) => (isMade.has(key) ? [] : [key]));
    return [...known, ...made, ...(elsewhere.length > 0 ? await withKeys(organization, elsewhere) : [])];
  }

  return {
    /** Those of the organization whose name is `name`, or starts with the part before the first `*`; by id. */
    named(organization: string, name: string): Promise<StreamsAt> {
      const star = name.indexOf('*');
      const isNamed = star < 0 ? Prisma.sql`s.name = ${name}` : Prisma.sql`s.name ^@ ${name.slice(0, star)}`;
      return streamsAt(reads.$replica(), Prisma.sql`s.organization_id = ${organization}::uuid AND ${isNamed}`);
    },

    /** What the primary made or changed since a mark, and its mark now. */
    changedSince: (mark: bigint): Promise<StreamsAt> =>
      // Transactions that have not begun are of another life of the database, which this one is a copy of.
      streamsAt(
        prisma,
        Prisma.sql`s.changed_by >= ${String(mark)}::xid8 AND s.changed_by < pg_snapshot_xmax(pg_current_snapshot())`,
      ),

    /** The mark of this moment. */
    now: async (): Promise<bigint> => (await streamsAt(prisma, Prisma.sql`false`)).mark,

    async withIds(ids: number[]): Promise<Stream[]> {
      return (await prisma.stream.findMany({ where: { id: { in: ids } } })).map(streamOf);
    },

    /** Makes those that are missing, and returns all of them as they are stored, in any order. */
    async ensure(organization: string, streams: NewStream[]): Promise<Stream[]> {
      // In one order, so that two servers that make the same ones cannot wait for each other in a circle.
      const ordered = streams.toSorted((a, b) => (a.key < b.key ? -1 : 1));
      const stored: Stream[][] = [];
      for (let i = 0; i < ordered.length; i += PIECE) {
        stored.push(await ensurePiece(organization, ordered.slice(i, i + PIECE)));
      }
      return stored.flat();
    },

    async setPublic(ids: number[], isPublic: boolean): Promise<void> {
      await prisma.stream.updateMany({ where: { id: { in: ids } }, data: { public: isPublic } });
    },

    async setRetention(ids: number[], retentionMs: number | null): Promise<void> {
      await prisma.stream.updateMany({ where: { id: { in: ids } }, data: { retentionMs } });
    },

    /** Gives a unit to streams that have none. */
    async setUnit(ids: number[], unit: string): Promise<void> {
      await prisma.stream.updateMany({ where: { id: { in: ids }, unit: null }, data: { unit } });
    },
  };
}

export type StreamStore = ReturnType<typeof createStreamStore>;

type Row = Omit<NewStream, 'organization' | 'stream' | 'tags'> & { id: number; retentionMs: number | null } & {
  organizationId: string;
  name: string;
  tags: unknown;
};

function streamOf({ id, organizationId, key, name, tags, unit, kind, public: isPublic, retentionMs }: Row): Stream {
  return {
    id,
    organization: organizationId,
    key,
    stream: name,
    tags: storedStream.shape.tags.parse(tags),
    unit,
    kind,
    public: isPublic,
    retentionMs,
  };
}
