import { afterAll, beforeAll, expect, test } from 'vitest';
import { startAuth, type TestAuth } from './auth.testing.ts';
import { createRightsStore } from './rights.store.ts';

let auth: TestAuth;
let rights: ReturnType<typeof createRightsStore>;
beforeAll(async () => {
  auth = await startAuth();
  rights = createRightsStore(auth.database.pool);
});
afterAll(() => auth.close());

test('everybody may do what authenticating just now would say', async () => {
  const [viewer, owner] = await Promise.all(
    (['viewer', 'owner'] as const).map((role) => auth.addUser(auth.organization, role)),
  );
  const secret = await auth.keys.create(auth.organization, { kind: 'secret', name: 'Backend' });
  const bearers = [viewer!.token, owner!.token, secret.key, 'qf_pk_demo'];
  const callers = await Promise.all(bearers.map((bearer) => auth.authenticate({ bearer, origin: 'http://localhost' })));
  const found = await rights.of(callers.map(({ subject }) => subject));
  expect(found.size).toBe(4);
  for (const { subject, organization, permissions, publicOnly } of callers)
    expect(found.get(subject)).toEqual({ organization, permissions, publicOnly });
});

test('a revoked key, a removed user and a subject of another kind are not in the answer', async () => {
  const key = await auth.keys.create(auth.organization, { kind: 'ingest', name: 'Agent' });
  await auth.keys.revoke(auth.organization, key.id);
  const user = await auth.addUser(auth.organization, 'viewer');
  await auth.database.prisma.user.delete({ where: { id: user.id } });
  expect(await rights.of([`key:${key.id}`, `user:${user.id}`, `embed:${user.id}`])).toEqual(new Map());
});

test('a new role counts at once', async () => {
  const { id } = await auth.addUser(auth.organization, 'owner');
  await auth.database.prisma.user.update({ where: { id }, data: { role: 'viewer' } });
  expect((await rights.of([`user:${id}`])).get(`user:${id}`)?.permissions).toEqual(new Set(['streams.read']));
});

test('more subjects than fit into one question are all answered', async () => {
  const { id } = await auth.addUser(auth.organization, 'viewer');
  const crowd = Array.from({ length: 12_000 }, () => `user:${crypto.randomUUID()}`);
  expect([...(await rights.of([...crowd, `user:${id}`])).keys()]).toEqual([`user:${id}`]);
});
