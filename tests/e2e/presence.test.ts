import { connect, type PresenceUpdate, type QuantumFluxClient } from '@quantumflux/sdk';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { createDatabase } from '../postgres.ts';
import { hasRedis, startRedis, type TestRedis } from '../redis.ts';
import { SECRET_KEY, startServer, temporaryFolder, type RunningServer } from '../server.ts';

const wait = { timeout: 20_000, interval: 20 };

describe.skipIf(!hasRedis())('[P1] people at two servers', () => {
  let folder: Awaited<ReturnType<typeof temporaryFolder>>;
  let redis: TestRedis;
  let a: RunningServer;
  let b: RunningServer;
  const clients: QuantumFluxClient[] = [];

  beforeAll(async () => {
    [folder, redis] = await Promise.all([temporaryFolder(), startRedis()]);
    const env = {
      DATABASE_URL: await createDatabase(),
      REDIS_URL: redis.url,
      TOKEN_SECRET: 't'.repeat(40),
      PASSWORD_PEPPER: 'p'.repeat(40),
    };
    [a, b] = (await Promise.all([0, 1].map(() => startServer({ dataDir: folder.path, env })))) as [
      RunningServer,
      RunningServer,
    ];
  });
  afterAll(async () => {
    for (const client of clients) client.close();
    await Promise.all([a.stop(), b.kill()]);
    await redis.stop();
    await folder.remove();
  });

  /** Somebody in the room at this server; whom they see. */
  function join({ url }: RunningServer, name: string) {
    const client = connect({ url, key: SECRET_KEY });
    clients.push(client);
    let last: PresenceUpdate | undefined;
    const stop = client.presence('board', { name }, (update) => (last = update));
    return { stop, names: () => last?.present.map((each) => each.name).toSorted() };
  }

  test('see each other come and go, after an outage of Redis again, and lose those of a server that is killed', async () => {
    const [ann, bob] = [join(a, 'Ann'), join(b, 'Bob')];
    for (const each of [ann, bob]) await vi.waitFor(() => expect(each.names()).toEqual(['Ann', 'Bob']), wait);
    const eve = join(b, 'Eve');
    for (const each of [ann, bob, eve])
      await vi.waitFor(() => expect(each.names()).toEqual(['Ann', 'Bob', 'Eve']), wait);
    eve.stop();
    for (const each of [ann, bob]) await vi.waitFor(() => expect(each.names()).toEqual(['Ann', 'Bob']), wait);

    await redis.kill();
    const dan = join(b, 'Dan');
    await vi.waitFor(() => expect(dan.names()).toContain('Dan'), wait);
    await vi.waitFor(() => expect(bob.names()).toContain('Dan'), wait);
    expect(ann.names()).not.toContain('Dan');
    redis = await startRedis({ port: redis.port });
    for (const each of [ann, bob, dan])
      await vi.waitFor(() => expect(each.names()).toEqual(['Ann', 'Bob', 'Dan']), wait);

    const killedAt = Date.now();
    await b.kill();
    await vi.waitFor(() => expect(ann.names()).toEqual(['Ann']), wait);
    expect(Date.now() - killedAt).toBeLessThan(16_000);
  });
});
