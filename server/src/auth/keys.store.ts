import type { PrismaClient } from '../database/generated/client.ts';
import type { KeyKind } from './keys.ts';

/** A key as others may see it: never the key itself, nor its hash. */
export type StoredKey = {
  id: string;
  organization: string;
  kind: KeyKind;
  name: string;
  hint: string;
  origins: string[];
  createdAt: Date;
};

export type NewKey = Omit<StoredKey, 'id' | 'createdAt'> & { hash: Uint8Array<ArrayBuffer> };

const visible = {
  id: true,
  organizationId: true,
  kind: true,
  name: true,
  hint: true,
  origins: true,
  createdAt: true,
} as const;

/** API keys in the database. A revoked one is as if it were not there. */
export function createKeyStore(prisma: PrismaClient) {
  return {
    async add({ organization, ...key }: NewKey): Promise<StoredKey> {
      return storedKey(await prisma.apiKey.create({ data: { ...key, organizationId: organization }, select: visible }));
    },

    async withHash(hash: Uint8Array<ArrayBuffer>): Promise<StoredKey | undefined> {
      const row = await prisma.apiKey.findFirst({ where: { hash, revokedAt: null }, select: visible });
      return row ? storedKey(row) : undefined;
    },

    /** Newest first. */
    async of(organization: string): Promise<StoredKey[]> {
      const where = { organizationId: organization, revokedAt: null };
      const rows = await prisma.apiKey.findMany({
        where,
        select: visible,
        orderBy: [{ createdAt: 'desc' }, { id: 'asc' }],
      });
      return rows.map(storedKey);
    },

    /** The hash of the key that is revoked from now on; undefined when this organization has no such key. */
    async revoke(organization: string, id: string): Promise<Uint8Array | undefined> {
      const [row] = await prisma.apiKey.updateManyAndReturn({
        where: { id, organizationId: organization, revokedAt: null },
        data: { revokedAt: new Date() },
        select: { hash: true },
      });
      return row?.hash;
    },
  };
}

export type KeyStore = ReturnType<typeof createKeyStore>;

function storedKey({
  organizationId,
  ...key
}: Omit<StoredKey, 'organization'> & { organizationId: string }): StoredKey {
  return { ...key, organization: organizationId };
}
