import { startDatabase } from '../../../tests/postgres.ts';
import { createMemoryBus } from '../bus/bus.memory.ts';
import { createMemoryCache } from '../cache/cache.memory.ts';
import { createMemoryLimit } from '../http/limit.memory.ts';
import { silent } from '../log.ts';
import { createAuthenticate } from './authenticate.ts';
import { bootstrap } from './bootstrap.ts';
import { createBootstrapStore } from './bootstrap.store.ts';
import { createKeyService } from './keys.service.ts';
import { createKeyStore } from './keys.store.ts';
import { createLogin } from './login.service.ts';
import { createPasswords } from './passwords.ts';
import type { Role } from './permissions.ts';
import { createTokens } from './tokens.ts';
import { createUserStore } from './users.store.ts';

/** Signing in and keys, on a database of their own with the first organization in it; for tests. */
export async function startAuth() {
  const { database, stop } = await startDatabase();
  const bus = createMemoryBus(silent);
  const cache = createMemoryCache();
  const passwords = createPasswords({ pepper: 'p'.repeat(32), cost: 4 });
  const tokens = createTokens({ secret: 's'.repeat(32) });
  const users = createUserStore(database.prisma);
  const keyStore = createKeyStore(database.prisma);
  const keys = createKeyService({ keys: keyStore, cache, bus });
  const store = createBootstrapStore(database.prisma);
  const { organizationId, created } = await bootstrap({ store, passwords });

  return {
    ...{ database, bus, cache, passwords, tokens, users, keys, store },
    organization: organizationId,
    owner: created!,
    login: createLogin({ users, passwords, tokens, createLimit: createMemoryLimit }),
    authenticate: createAuthenticate({ tokens, users, keys: keyStore, cache }),

    async addOrganization(name: string): Promise<string> {
      return (await database.prisma.organization.create({ data: { name } })).id;
    },

    /** Somebody of this role, and a token of theirs. */
    async addUser(organization: string, role: Role) {
      const password = 'correct horse battery staple';
      const email = `${role}-${crypto.randomUUID()}@example.com`;
      const passwordHash = await passwords.hash(password);
      const { id } = await database.prisma.user.create({
        data: { organizationId: organization, email, role, passwordHash },
      });
      return { id, email, password, token: tokens.issue({ user: id, organization, role }) };
    },

    async close(): Promise<void> {
      await Promise.all([bus.close(), cache.close()]);
      await stop();
    },
  };
}

export type TestAuth = Awaited<ReturnType<typeof startAuth>>;
