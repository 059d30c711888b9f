import { z } from 'zod';
import type { PrismaClient, Stream as StreamRow } from '../database/generated/client.ts';
import type { Stream } from './stream.ts';

/** A stream that may not exist yet. */
export type NewStream = Omit<Stream, 'id' | 'retentionMs'>;

const storedTags = z.record(z.string(), z.string());

/** The streams table. How long a new stream is kept, in ms, `retentionMs` says; null, the default, is for ever. */
export function createStreamStore(
  prisma: PrismaClient,
  { retentionMs = null }: { retentionMs?: number | null | undefined } = {},
) {
  return {
    /** Those of the organization whose name is `name`, or starts with the part before the first `*`. */
    async named(organization: string, name: string): Promise<Stream[]> {
      const star = name.indexOf('*');
      const where = star < 0 ? name : { startsWith: name.slice(0, star) };
      const rows = await prisma.stream.findMany({
        where: { organizationId: organization, name: where },
        orderBy: { id: 'asc' },
      });
      return rows.map(streamOf);
    },

    async withIds(ids: number[]): Promise<Stream[]> {
      return (await prisma.stream.findMany({ where: { id: { in: ids } } })).map(streamOf);
    },

    /** Makes those that are missing, and returns all of them as they are stored. */
    async ensure(organization: string, streams: NewStream[]): Promise<Stream[]> {
      const where = { organizationId: organization, key: { in: streams.map(({ key }) => key) } };
      const known = new Set((await prisma.stream.findMany({ where, select: { key: true } })).map(({ key }) => key));
      const missing = streams.filter(({ key }) => !known.has(key));
      // Another server may make the same ones at this moment; the unique key decides.
      if (missing.length > 0)
        await prisma.stream.createMany({
          data: missing.map((stream) => ({ ...rowOf(stream), retentionMs })),
          skipDuplicates: true,
        });
      return (await prisma.stream.findMany({ where })).map(streamOf);
    },

    async setPublic(ids: number[], isPublic: boolean): Promise<void> {
      await prisma.stream.updateMany({ where: { id: { in: ids } }, data: { public: isPublic } });
    },

    async setRetention(ids: number[], retentionMs: number | null): Promise<void> {
      await prisma.stream.updateMany({ where: { id: { in: ids } }, data: { retentionMs } });
    },

    /** Gives units to streams that have none. */
    async setUnit(id: number, unit: string): Promise<void> {
      await prisma.stream.updateMany({ where: { id, unit: null }, data: { unit } });
    },
  };
}

export type StreamStore = ReturnType<typeof createStreamStore>;

function streamOf({ organizationId, name, tags, createdAt: _, ...row }: StreamRow): Stream {
  return { ...row, organization: organizationId, stream: name, tags: storedTags.parse(tags) };
}

function rowOf({ organization, stream, ...rest }: NewStream) {
  return { ...rest, organizationId: organization, name: stream };
}
