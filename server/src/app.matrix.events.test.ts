import { streamKey, type ClientEvents } from '@quantumflux/sdk/protocol';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { columns, createSenders, type Sender } from './app.senders.testing.ts';
import { startComposed, type Composed } from './compose.testing.ts';
import { connectStock, type StockClient } from './live/live.testing.ts';

/**
 * What every event of a connection answers to every kind of caller; all of them ask for things of the first organization.
 * An event without a row fails the test. `-` stands for callers that are not let in, whom the row of the handshake tells
 * why. The columns are those of app.matrix.test.ts:
 *
 *   nobody, a forged token, a key that does not exist, a revoked secret key, an expired token,
 *   viewer, editor, admin, owner, secret key, ingest key,
 *   publishable key on its page, elsewhere, and outside of a browser,
 *   owner and secret key of another organization
 */
const table: Record<'handshake' | keyof ClientEvents, string> = {
  handshake: '       401 401 401 401 401   ok  ok  ok  ok  ok  ok    ok 403 403   ok  ok',
  subscribe: '       -   -   -   -   -     ok  ok  ok  ok  ok  403   404 -  -     404 404',
  // A channel that somebody else has.
  unsubscribe: '     -   -   -   -   -     404 404 404 404 404 404   404 -  -     404 404',
  // The token of somebody else, the viewer; for the viewer a fresh one.
  'auth.refresh': '  -   -   -   -   -     ok  403 403 403 403 403   403 -  -     403 403',
  'presence.join': ' -   -   -   -   -     ok  ok  ok  ok  ok  403   ok  -  -     ok  ok',
  // A room that somebody else is in.
  'presence.leave': '-   -   -   -   -     404 404 404 404 404 404   404 -  -     404 404',
};

const codes: Record<string, string> = { '401': 'unauthenticated', '403': 'forbidden', '404': 'not_found' };

let server: Composed;
let senders: Map<string, Sender>;
let channel: number;
const clients = new Map<string, StockClient>();

beforeAll(async () => {
  server = await startComposed();
  ({ senders } = await createSenders(server.database));
  const streams = ['canary.private', 'canary.public'].map((stream) => ({ stream, points: [[Date.now(), 1]] }));
  await server.send('POST', '/api/v1/points', { streams });
  await server.send('PATCH', '/api/v1/streams', { select: 'canary.public', public: true });
  const insider = connect('secret');
  await insider.ask('presence.join', { room: 'insiders', name: 'Insider' });
  const reply = (await insider.ask('subscribe', { selector: 'canary.*' })) as unknown as { value: { channel: number } };
  channel = reply.value.channel;
});
afterAll(async () => {
  for (const client of clients.values()) client.close();
  await server.stop();
});

/** The connection of a caller, made once. */
function connect(sender: string): StockClient {
  const known = clients.get(sender);
  if (known) return known;
  const { bearer: token, origin } = senders.get(sender)!;
  const client = connectStock(server.url, token === undefined ? {} : { token }, origin === undefined ? {} : { origin });
  clients.set(sender, client);
  return client;
}

const inputs: Record<keyof ClientEvents, () => object> = {
  subscribe: () => ({ selector: 'canary.private' }),
  // The channel of the insider; whoever watched another selector has another.
  unsubscribe: () => ({ channel }),
  'auth.refresh': () => ({ token: senders.get('viewer')!.bearer }),
  'presence.join': () => ({ room: 'canary' }),
  'presence.leave': () => ({ room: 'insiders' }),
};

const rows = (event: keyof typeof table) =>
  columns.map((sender, i) => [sender, table[event].trim().split(/\s+/)[i]!] as const);

describe('the handshake', () => {
  test.each(rows('handshake'))('%s: %s', async (sender, outcome) => {
    expect((await connect(sender).admitted)?.code).toBe(codes[outcome]);
  });
});

describe.each(Object.keys(inputs) as (keyof ClientEvents)[])('%s', (event) => {
  const admitted = rows(event).filter(([, outcome]) => outcome !== '-');

  test('is asked by all who are let in', () => {
    const letIn = rows('handshake').filter(([, outcome]) => outcome === 'ok');
    expect(admitted.map(([sender]) => sender)).toEqual(letIn.map(([sender]) => sender));
  });

  test.each(admitted)('%s: %s', async (sender, outcome) => {
    // The one of the secret key is the insider, who has the channel and is in the room: another asks in its place.
    const client =
      sender === 'secret' ? connectStock(server.url, { token: senders.get('secret')!.bearer }) : connect(sender);
    await client.admitted;
    const reply = await client.ask(event, inputs[event]());
    if (outcome === 'ok') expect(reply).toMatchObject({ ok: true });
    else
      expect(reply).toEqual({
        ok: false,
        error: expect.objectContaining({ code: codes[outcome], message: expect.any(String) }),
      });
    expect(client.socket.connected).toBe(true);
    if (sender === 'secret') client.close();
  });
});

test('another organization hears nothing of ours: not of streams, points, nor who is there', async () => {
  const stranger = connect('otherSecret');
  const guest = connect('page');
  await stranger.ask('subscribe', { selector: 'canary.*', wait: true });
  for (const room of ['insiders', 'canary']) await stranger.ask('presence.join', { room, name: 'Stranger' });
  await stranger.ask('subscribe', { selector: 'own.*', wait: true });
  const insider = connect('secret');
  const marker = { stream: 'canary.private', points: [[Date.now(), 4711]] };
  await server.send('POST', '/api/v1/points', marker);
  await server.send('POST', '/api/v1/points', { stream: 'canary.new', points: [[Date.now(), 1]] });
  await insider.ask('presence.join', { room: 'canary', name: 'Insider' });
  await vi.waitFor(() =>
    expect(insider.all('streams').flatMap(({ streams }) => streams.map(streamKey))).toContain('canary.new'),
  );
  // Then whatever was to come to the stranger has come: what it writes itself is there.
  const own = senders.get('otherSecret')!.bearer;
  await server.send(
    'POST',
    '/api/v1/points',
    { stream: 'own.x', points: [[Date.now(), 1]] },
    { authorization: `Bearer ${own}` },
  );
  await vi.waitFor(() => expect(stranger.all('streams')).toHaveLength(1));
  const heard = JSON.stringify(stranger.all('streams')) + JSON.stringify(stranger.all('presence'));
  expect(heard).not.toContain('canary.');
  expect(heard).not.toContain('Insider');
  for (const { present } of stranger.all('presence')) expect(present.map(({ name }) => name)).not.toContain('Insider');
  // A publishable key: public streams, and none of the people inside.
  expect(await guest.ask('subscribe', { selector: 'canary.*' })).toMatchObject({
    ok: true,
    value: { streams: [{ stream: 'canary.public' }] },
  });
  const { value } = (await guest.ask('presence.join', { room: 'insiders' })) as unknown as {
    value: { present: unknown[] };
  };
  expect(value.present).toHaveLength(1);
});
