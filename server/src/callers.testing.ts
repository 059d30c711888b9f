import { hashOf, hintOf, newKey, type KeyKind } from './auth/keys.ts';
import type { Role } from './auth/permissions.ts';
import { createTokens, TOKEN_SECONDS } from './auth/tokens.ts';
import type { Database } from './database/database.ts';

export type TestUser = { id: string; organization: string; role: Role };

/** People and keys, put into the database of a server whose tokens are signed with `tokenSecret`; for tests. */
export function createCallers({ prisma }: Pick<Database, 'prisma'>, tokenSecret: string) {
  /** A token of theirs that ends in so many seconds, or up to one sooner: tokens count whole ones. */
  function tokenOf({ id, organization, role }: TestUser, { seconds = TOKEN_SECONDS } = {}): string {
    const now = () => Date.now() + (seconds - TOKEN_SECONDS) * 1_000;
    return createTokens({ secret: tokenSecret, now }).issue({ user: id, organization, role });
  }

  return {
    tokenOf,

    async firstOrganization(): Promise<string> {
      return (await prisma.organization.findFirstOrThrow({ orderBy: { createdAt: 'asc' } })).id;
    },

    async addOrganization(name = 'Elsewhere'): Promise<string> {
      return (await prisma.organization.create({ data: { name } })).id;
    },

    async addUser(organization: string, role: Role): Promise<TestUser & { token: string }> {
      const email = `${crypto.randomUUID()}@example.com`;
      const data = { organizationId: organization, email, role, passwordHash: 'none' };
      const { id } = await prisma.user.create({ data });
      const user = { id, organization, role };
      return { ...user, token: tokenOf(user) };
    },

    async addKey(organization: string, kind: KeyKind, more: { origins?: string[]; revokedAt?: Date } = {}) {
      const key = newKey(kind);
      const data = { organizationId: organization, kind, name: kind, hash: hashOf(key), hint: hintOf(key), ...more };
      const { id } = await prisma.apiKey.create({ data });
      return { id, key };
    },
  };
}

export type TestCallers = ReturnType<typeof createCallers>;
