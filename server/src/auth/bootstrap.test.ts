import { afterAll, beforeAll, expect, test } from 'vitest';
import { startDatabase, type TestDatabase } from '../../../tests/postgres.ts';
import { createMemoryCache } from '../cache/cache.memory.ts';
import { createAuthenticate } from './authenticate.ts';
import { bootstrap } from './bootstrap.ts';
import { createBootstrapStore } from './bootstrap.store.ts';
import { createKeyStore } from './keys.store.ts';
import { createPasswords } from './passwords.ts';
import { createTokens } from './tokens.ts';
import { createUserStore } from './users.store.ts';

let database: TestDatabase['database'];
let stop: TestDatabase['stop'];
beforeAll(async () => void ({ database, stop } = await startDatabase()));
afterAll(() => stop());

const passwords = createPasswords({ pepper: 'p'.repeat(32), cost: 4 });
const start = (secretKey?: string) => bootstrap({ store: createBootstrapStore(database.prisma), passwords, secretKey });

/** Who a key is, to a server that has just started. */
const ask = (bearer: string, origin?: string) =>
  createAuthenticate({
    tokens: createTokens({ secret: 's'.repeat(32) }),
    users: createUserStore(database.prisma),
    keys: createKeyStore(database.prisma),
    cache: createMemoryCache(),
  })({ bearer, origin });

test('of several servers that start together, one makes the organization and tells the password', async () => {
  const results = await Promise.all(Array.from({ length: 4 }, () => start()));
  expect(new Set(results.map(({ organizationId }) => organizationId)).size).toBe(1);
  const created = results.flatMap((result) => result.created ?? []);
  expect(created).toEqual([{ email: 'owner@localhost', password: expect.stringMatching(/^[\w-]{22}$/) }]);

  const [user] = await database.prisma.user.findMany();
  expect(user).toMatchObject({ email: 'owner@localhost', role: 'owner' });
  expect(await passwords.verify(created[0]!.password, user!.passwordHash)).toBe(true);
});

test('later starts change nothing and tell nothing', async () => {
  const { created } = await start();
  expect(created).toBeUndefined();
  const [organizations, users, keys] = await Promise.all([
    database.prisma.organization.count(),
    database.prisma.user.count(),
    database.prisma.apiKey.count(),
  ]);
  expect({ organizations, users, keys }).toEqual({ organizations: 1, users: 1, keys: 1 });
});

test.each(['http://localhost:3000', 'https://localhost', 'http://127.0.0.1:5000', 'http://[::1]:8080'])(
  'the demo key works on pages of %s',
  async (origin) => {
    expect(await ask('qf_pk_demo', origin)).toMatchObject({ publicOnly: true });
  },
);

test('the operator’s secret key is added whenever it comes, once, and not brought back when it was revoked', async () => {
  const key = `qf_sk_${'o'.repeat(40)}`;
  const { organizationId } = await start(key);
  await start(key);
  expect(await ask(key)).toMatchObject({ organization: organizationId, publicOnly: false });
  expect(await database.prisma.apiKey.count({ where: { kind: 'secret' } })).toBe(1);

  await database.prisma.apiKey.updateMany({ where: { kind: 'secret' }, data: { revokedAt: new Date() } });
  await start(key);
  await expect(ask(key)).rejects.toMatchObject({ code: 'unauthenticated' });
});

test('a key of another kind is no secret key', async () => {
  await expect(start('qf_pk_everything')).rejects.toThrow('qf_sk_');
});
