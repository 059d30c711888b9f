import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { createMemoryCache } from '../cache/cache.memory.ts';
import { startAuth, type TestAuth } from './auth.testing.ts';
import { createAuthenticate, placeOfKey } from './authenticate.ts';
import { hashOf, newKey } from './keys.ts';
import { createKeyStore } from './keys.store.ts';

let auth: TestAuth;
beforeAll(async () => void (auth = await startAuth()));
afterAll(() => auth.close());

const show = (bearer: string | undefined, origin?: string) => auth.authenticate({ bearer, origin });

test('who shows nothing is told what to show', async () => {
  await expect(show(undefined)).rejects.toMatchObject({
    code: 'unauthenticated',
    message: expect.stringContaining('Authorization: Bearer'),
  });
});

test.each([
  'qf_sk_nothing',
  'qf_pk_demo2',
  newKey('secret'),
  'x',
  'eyJhbGciOiJub25lIn0.e30.',
  `qf_sk_${'x'.repeat(10_000)}`,
])('nobody is known by %.20s', async (bearer) => {
  await expect(show(bearer, 'http://localhost')).rejects.toMatchObject({ code: 'unauthenticated' });
});

test('a secret key is its organization, with all that an admin may', async () => {
  const { id, key } = await auth.keys.create(auth.organization, { kind: 'secret', name: 'Backend' });
  expect(await show(key)).toEqual({
    organization: auth.organization,
    subject: `key:${id}`,
    permissions: new Set(['points.write', 'streams.read', 'streams.change', 'keys.manage']),
    publicOnly: false,
    expiresAt: null,
  });
});

test('a publishable key sees public streams, on pages it was made for', async () => {
  expect(await show('qf_pk_demo', 'http://localhost:3000')).toMatchObject({
    publicOnly: true,
    permissions: new Set(['streams.read']),
  });
  await expect(show('qf_pk_demo', 'https://example.com')).rejects.toMatchObject({
    code: 'forbidden',
    message: expect.stringContaining('https://example.com'),
  });
  await expect(show('qf_pk_demo', 'null')).rejects.toMatchObject({ code: 'forbidden' });
  await expect(show('qf_pk_demo')).rejects.toMatchObject({
    code: 'forbidden',
    message: expect.stringContaining('browsers only'),
  });
});

test('a token is good until its end', async () => {
  const { id, token } = await auth.addUser(auth.organization, 'viewer');
  const caller = await show(token);
  expect(caller).toMatchObject({
    organization: auth.organization,
    subject: `user:${id}`,
    permissions: new Set(['streams.read']),
  });
  expect(caller.expiresAt! - Date.now()).toBeGreaterThan(14 * 60_000);
});

test('the role of now counts, not the one in the token', async () => {
  const { id, token } = await auth.addUser(auth.organization, 'admin');
  await auth.database.prisma.user.update({ where: { id }, data: { role: 'viewer' } });
  expect((await show(token)).permissions).toEqual(new Set(['streams.read']));
});

test('who was removed, or is in another organization now, is nobody', async () => {
  const gone = await auth.addUser(auth.organization, 'admin');
  await auth.database.prisma.user.delete({ where: { id: gone.id } });
  await expect(show(gone.token)).rejects.toMatchObject({ code: 'unauthenticated' });

  const moved = await auth.addUser(auth.organization, 'admin');
  await auth.database.prisma.user.update({
    where: { id: moved.id },
    data: { organizationId: await auth.addOrganization('Elsewhere') },
  });
  await expect(show(moved.token)).rejects.toMatchObject({ code: 'unauthenticated' });
});

test('a revoked key is refused at once, also when it was just used', async () => {
  const { id, key } = await auth.keys.create(auth.organization, { kind: 'ingest', name: 'Agent' });
  await show(key);
  const heard = vi.fn();
  const stop = await auth.bus.subscribe('keys', heard);
  await auth.keys.revoke(auth.organization, id);
  await expect(show(key)).rejects.toMatchObject({ code: 'unauthenticated' });
  await vi.waitFor(() => expect(heard).toHaveBeenCalledWith({ id }));
  await stop();
});

test('the database is asked once for a key, also for one that does not exist', async () => {
  const store = createKeyStore(auth.database.prisma);
  const withHash = vi.fn(store.withHash);
  const authenticate = createAuthenticate({ ...auth, keys: { withHash }, cache: createMemoryCache() });
  const { key } = await auth.keys.create(auth.organization, { kind: 'secret', name: 'Busy' });
  const unknown = newKey('secret');
  for (let i = 0; i < 5; i++) {
    await authenticate({ bearer: key, origin: undefined });
    await expect(authenticate({ bearer: unknown, origin: undefined })).rejects.toThrow();
  }
  expect(withHash).toHaveBeenCalledTimes(2);
});

test('what the cache holds is not believed when it looks wrong', async () => {
  const { key } = await auth.keys.create(auth.organization, { kind: 'ingest', name: 'Agent' });
  await auth.cache.set(
    placeOfKey(hashOf(key)),
    { id: 'x', organization: 'other', kind: 'root', origins: [] },
    { ttlMs: 60_000 },
  );
  expect((await show(key)).permissions).toEqual(new Set(['points.write']));
});
