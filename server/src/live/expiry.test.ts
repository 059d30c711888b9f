import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest';
import { createCallers, type TestCallers } from '../callers.testing.ts';
import { SECRET_KEY, startComposed, type Composed } from '../compose.testing.ts';
import { connectStock, type StockClient } from './live.testing.ts';

let server: Composed;
let callers: TestCallers;
let mine: string;
const clients: StockClient[] = [];

beforeAll(async () => {
  server = await startComposed();
  callers = createCallers(server.database, 't'.repeat(32));
  mine = await callers.firstOrganization();
  await server.send('POST', '/api/v1/points', { stream: 'cpu', points: [[Date.now(), 1]] });
});
afterEach(() => {
  for (const client of clients.splice(0)) client.close();
});
afterAll(() => server.stop());

async function connect(auth: Record<string, unknown>, options?: { origin?: string }): Promise<StockClient> {
  const client = connectStock(server.url, auth, options);
  clients.push(client);
  expect(await client.admitted).toBeUndefined();
  return client;
}

const wait = { timeout: 10_000, interval: 20 };

test('[A5] a credential that ends, ends the connection: goodbye and expired, not before and not after', async () => {
  const user = await callers.addUser(mine, 'viewer');
  const client = await connect({ token: callers.tokenOf(user, { seconds: 3 }) });
  expect((await client.ask('subscribe', { selector: 'cpu' })).ok).toBe(true);
  await client.disconnected;
  const { expiresAt } = client.all('welcome')[0]!;
  expect(client.all('goodbye')).toEqual([{ reason: 'expired', retryMs: 0 }]);
  expect(client.firstAt('goodbye')! - expiresAt!).toBeGreaterThan(-300);
});

test('[A5] the server asks in time, and who sends a fresh token stays, as often as it does', async () => {
  const user = await callers.addUser(mine, 'viewer');
  const client = await connect({ token: callers.tokenOf(user, { seconds: 3 }) });
  const ends = [client.all('welcome')[0]!.expiresAt!];
  for (let round = 1; round <= 2; round++) {
    await vi.waitFor(() => expect(client.all('auth.refresh')).toHaveLength(round), wait);
    expect(client.all('auth.refresh').at(-1)).toEqual({ expiresAt: ends.at(-1) });
    expect(Date.now()).toBeLessThan(ends.at(-1)!);
    const reply = await client.ask('auth.refresh', { token: callers.tokenOf(user, { seconds: 4 }) });
    expect(reply).toEqual({ ok: true, value: { expiresAt: expect.any(Number) } });
    ends.push((reply as { ok: true; value: { expiresAt: number } }).value.expiresAt);
  }
  // Beyond the end of the first token, and the second.
  await vi.waitFor(() => expect(Date.now()).toBeGreaterThan(ends[1]! + 300), wait);
  expect(client.socket.connected).toBe(true);
  // Not sent another time, it ends as if it had been the first.
  await client.disconnected;
  expect(client.goodbye()).toBe('expired');
});

test('[A5] a client may send a fresh token whenever it likes; a key, too, that is still the same one', async () => {
  const user = await callers.addUser(mine, 'editor');
  const client = await connect({ token: user.token });
  expect(await client.ask('auth.refresh', { token: callers.tokenOf(user, { seconds: 600 }) })).toMatchObject({
    ok: true,
  });
  const program = await connect({ key: SECRET_KEY });
  expect(await program.ask('auth.refresh', { token: SECRET_KEY })).toEqual({ ok: true, value: { expiresAt: null } });
});

test('[V3] a client of version 1 is not asked', async () => {
  const user = await callers.addUser(mine, 'viewer');
  const client = await connect({ protocol: 1, token: callers.tokenOf(user, { seconds: 2 }) });
  await client.disconnected;
  expect([client.all('auth.refresh'), client.goodbye()]).toEqual([[], 'expired']);
});

test('[A5] somebody else’s token is forbidden, also of the same organization, and the connection stays who it was', async () => {
  const [user, colleague] = [await callers.addUser(mine, 'viewer'), await callers.addUser(mine, 'owner')];
  const stranger = await callers.addUser(await callers.addOrganization(), 'viewer');
  const client = await connect({ token: user.token });
  for (const token of [colleague.token, stranger.token, SECRET_KEY])
    expect(await client.ask('auth.refresh', { token })).toMatchObject({ ok: false, error: { code: 'forbidden' } });
  for (const token of ['nonsense', `${user.token}x`, callers.tokenOf(user, { seconds: -2 })])
    expect(await client.ask('auth.refresh', { token })).toMatchObject({
      ok: false,
      error: { code: 'unauthenticated' },
    });
  for (const input of [undefined, null, {}, { token: '' }, { token: 1 }, { token: user.token, more: 1 }])
    expect(await client.ask('auth.refresh', input)).toMatchObject({ ok: false, error: { code: 'invalid_input' } });
  expect(await client.ask('subscribe', { selector: 'cpu' })).toMatchObject({ ok: true });
});

test('[A5] a token of somebody who is nobody any more is refused, whatever it says', async () => {
  const user = await callers.addUser(mine, 'viewer');
  const client = await connect({ token: user.token });
  await server.database.prisma.user.delete({ where: { id: user.id } });
  await client.disconnected;
  expect(client.goodbye()).toBe('revoked');
});

test('[A5] [A3] a token whose end is over is no way in', async () => {
  const user = await callers.addUser(mine, 'viewer');
  const client = connectStock(server.url, { token: callers.tokenOf(user, { seconds: -1 }) });
  clients.push(client);
  expect(await client.admitted).toMatchObject({ code: 'unauthenticated' });
});

test('[A5] a publishable key is renewed on its own page', async () => {
  const { key } = await callers.addKey(mine, 'publishable', { origins: ['https://example.com'] });
  const client = await connect({ key }, { origin: 'https://example.com' });
  expect(await client.ask('auth.refresh', { token: key })).toMatchObject({ ok: true });
});
