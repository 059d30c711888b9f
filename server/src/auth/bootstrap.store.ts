import type { Prisma, PrismaClient } from '../database/generated/client.ts';
import type { KeyKind } from './keys.ts';

type FirstKey = { kind: KeyKind; name: string; hash: Uint8Array<ArrayBuffer>; hint: string; origins: string[] };

/** What a new database begins with. */
export type FirstThings = {
  name: string;
  owner: { email: string; passwordHash: string };
  keys: FirstKey[];
};

// Any number will do, as long as nothing else locks it: "qf" and 1.
const LOCK = 0x7166_0001;

/** Puts the first rows into an empty database. */
export function createBootstrapStore(prisma: PrismaClient) {
  return {
    /** The oldest organization; undefined when there is none. */
    async organization(): Promise<string | undefined> {
      return (await oldest(prisma))?.id;
    },

    /** Makes the first organization. When two servers try, one of them makes it and the other gets undefined. */
    async begin({ name, owner, keys }: FirstThings): Promise<string | undefined> {
      return prisma.$transaction(async (tx) => {
        await tx.$executeRaw`SELECT pg_advisory_xact_lock(${LOCK})`;
        if (await oldest(tx)) return undefined;
        const users = { create: { ...owner, role: 'owner' as const } };
        const { id } = await tx.organization.create({ data: { name, users, keys: { create: keys } } });
        return id;
      });
    },

    /** Adds a key, unless it was there already: one that was revoked stays revoked. */
    async addKey(organization: string, key: FirstKey): Promise<void> {
      await prisma.apiKey.createMany({ data: [{ ...key, organizationId: organization }], skipDuplicates: true });
    },
  };
}

export type BootstrapStore = ReturnType<typeof createBootstrapStore>;

function oldest(db: Prisma.TransactionClient): Promise<{ id: string } | null> {
  return db.organization.findFirst({ select: { id: true }, orderBy: [{ createdAt: 'asc' }, { id: 'asc' }] });
}
