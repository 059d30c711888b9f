import { errorCodes, type ErrorBody, type Reply } from '@quantumflux/sdk/protocol';
import fc from 'fast-check';
import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest';
import { WebSocket } from 'ws';
import { createCallers } from '../callers.testing.ts';
import { SECRET_KEY, startComposed, type Composed } from '../compose.testing.ts';
import { connectStock, type StockClient } from './live.testing.ts';

// Strangers may send anything: the answer is a clear error, nothing breaks, and nobody else notices.

const seed = Number(process.env['FUZZ_SEED'] ?? Date.now() & 0x7fffffff);
const sample = <Value>(of: fc.Arbitrary<Value>, count: number): Value[] => fc.sample(of, { numRuns: count, seed });
const wait = { timeout: 20_000, interval: 10 };

let server: Composed;
let bystander: StockClient;
let token: string;

beforeAll(async () => {
  console.log(`FUZZ_SEED=${seed}`);
  server = await startComposed();
  const callers = createCallers(server.database, 't'.repeat(32));
  ({ token } = await callers.addUser(await callers.firstOrganization(), 'viewer'));
  await server.send('POST', '/api/v1/points', { stream: 'cpu', points: [[Date.now(), 1]] });
  bystander = connectStock(server.url, { key: SECRET_KEY });
  await bystander.ask('subscribe', { selector: 'cpu' });
});
// What is a mistake of ours is logged as an error. Whatever is thrown where nobody catches it fails the run.
afterEach(async () => {
  expect(server.log.lines.filter(({ level }) => level === 'error')).toEqual([]);
  expect(bystander.socket.connected).toBe(true);
  expect(await bystander.ask('presence.join', { room: 'still here' })).toMatchObject({ ok: true });
});
afterAll(async () => {
  bystander.close();
  await server.stop();
});

/** Names that mean something to JavaScript, Node or Socket.io, and such as are of ours. */
const names = fc.constantFrom(
  ...['__proto__', 'constructor', 'toString', 'hasOwnProperty', 'then', 'length', '', 'error', 'message', 'ping'],
  ...['frame', 'welcome', 'goodbye', 'drain', 'streams', 'gone', 'heads', 'presence', 'connection', 'reconnect'],
);
const oddTexts = fc.oneof(
  names,
  fc.string({ unit: 'binary', maxLength: 300 }),
  fc.constantFrom(
    '\0',
    '\u202e',
    'a'.repeat(9_000),
    '🦀'.repeat(200),
    "'; DROP TABLE stream; --",
    '${7*7}',
    '*',
    'now',
    '-15m',
  ),
);
const oddNumbers = fc.oneof(fc.double(), fc.maxSafeInteger(), fc.constantFrom(-0, 1e308, -1, 0.5, 2 ** 53, 2 ** 31));
const leaves = fc.oneof(oddTexts, oddNumbers, fc.boolean(), fc.constant(null), fc.uint8Array({ maxLength: 40 }));
/** Anything that a packet can carry. */
const anything = fc.letrec<{ any: unknown }>((tie) => ({
  any: fc.oneof(
    { maxDepth: 4, depthSize: 'small' },
    leaves,
    fc.array(tie('any'), { maxLength: 5 }),
    fc.dictionary(fc.oneof(names, fc.constantFrom('selector', 'room', 'token', 'channel', 'resume')), tie('any'), {
      maxKeys: 5,
    }),
  ),
})).any;

/** A request that is right but for some of its fields. */
const nearly = (right: Record<string, unknown>) =>
  fc.record(
    Object.fromEntries(
      Object.entries(right).map(([name, value]) => [
        name,
        fc.oneof({ weight: 2, arbitrary: fc.constant(value) }, { weight: 1, arbitrary: anything }),
      ]),
    ),
    { requiredKeys: [] },
  );

const requests: Record<string, Record<string, unknown>> = {
  subscribe: {
    selector: 'cpu',
    from: '-1m',
    width: 100,
    wait: true,
    resume: { epoch: 1, offsets: [[0, 1]] },
    maxHz: 1,
  },
  unsubscribe: { channel: 1 },
  'auth.refresh': { token: 'x' },
  'presence.join': { room: 'board', name: 'Ann' },
  'presence.leave': { room: 'board' },
};
const event = fc.oneof(fc.constantFrom(...Object.keys(requests)), names, fc.string({ maxLength: 20 }));
const call = event.chain((name) =>
  fc.tuple(
    fc.constant(name),
    fc.oneof(nearly(requests[name] ?? {}), anything).map((input) => [input]),
    fc.array(anything, { maxLength: 2 }),
  ),
);

test('20,000 events: each is answered, with a value or a clear error, and the connection stays', async () => {
  const client = connectStock(server.url, { token });
  await client.admitted;
  // Socket.io itself keeps these for the client; raw packets below send them.
  const reserved = ['connect', 'connect_error', 'disconnect', 'disconnecting', 'newListener', 'removeListener'];
  const calls = sample(call, 20_000).filter(([name, ...args]) => !reserved.includes(name) && isOnePacket(args));
  const codes = new Map<string, number>();
  for (let i = 0; i < calls.length; i += 1_000) {
    const replies = await Promise.all(
      calls.slice(i, i + 1_000).map(
        ([name, [input], more]) =>
          new Promise<Reply<unknown>>((resolve) => {
            // The answer goes to whoever is last; what stands between is not looked at, but for calls of one argument.
            if (more.length === 0 || !(name in requests)) client.socket.emit(name, input, ...more, resolve);
            else client.socket.emit(name, input, resolve);
          }),
      ),
    );
    for (const reply of replies) {
      if (!reply.ok) expectClear(reply.error);
      const code = reply.ok ? 'ok' : reply.error.code;
      codes.set(code, (codes.get(code) ?? 0) + 1);
    }
  }
  expect(client.socket.connected).toBe(true);
  expect(client.goodbye()).toBeUndefined();
  // It was not all refused at the first look.
  for (const code of ['ok', 'invalid_input', 'unauthenticated', 'not_found'])
    expect.soft(codes.get(code), code).toBeGreaterThan(10);
  client.close();
}, 120_000);

test('10,000 handshakes: each is refused with a clear error', async () => {
  const raw = await openRaw();
  const auth = fc.oneof(
    nearly({ protocol: 2, token: 'eyJhbGciOiJub25lIn0.e30.', frames: 'bare' }),
    nearly({ protocol: 2, key: `qf_sk_${'0'.repeat(48)}` }),
    anything,
  );
  // Without the bytes, which a CONNECT packet cannot carry.
  const texts = sample(auth, 10_000).map((each) => JSON.stringify(each) ?? 'null');
  // Socket.io hands an auth that is no object to nobody, and ends the connection.
  const objects = texts.filter((text) => text.startsWith('{'));
  expect(objects.length).toBeGreaterThan(5_000);
  for (let i = 0; i < objects.length; i += 500) {
    const batch = objects.slice(i, i + 500);
    const from = raw.heard.length;
    for (const text of batch) raw.ws.send(`40${text}`);
    const answers = () => raw.heard.slice(from).filter((packet) => packet.startsWith('44'));
    await vi.waitFor(() => expect(answers()).toHaveLength(batch.length), wait);
    for (const answer of answers()) {
      const { data } = JSON.parse(answer.slice(2)) as { data: ErrorBody };
      expectClear(data);
      expect(['invalid_input', 'unauthenticated', 'forbidden']).toContain(data.code);
    }
  }
  raw.ws.close();
}, 120_000);

test('packets that are none: the server ends at most the connection that they came on', async () => {
  const packet = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 100 }),
    fc
      .tuple(
        fc.constantFrom('40', '41', '42', '43', '44', '45', '451-', '452-', '46', '42/admin,', '1', '2', '3', '5', '6'),
        fc.json(),
      )
      .map(([head, json]) => head + json),
    fc.constantFrom(
      ...[
        '42["error","x"]',
        '42["disconnect"]',
        '42["connect_error"]',
        '421["newListener",{}]',
        '42["disconnecting"]',
        '42[]',
        '42[1]',
        '42[null]',
        '42{}',
      ],
      ...[
        '421["subscribe"]',
        '42["subscribe",{"selector":"cpu"}]',
        '42["auth.refresh",{"__proto__":{"token":"x"}}]',
        '431[]',
        '43999999999999[]',
      ],
      ...[
        `42["subscribe",${'['.repeat(20_000)}${']'.repeat(20_000)}]`,
        `42["presence.join",${'{"room":'.repeat(5_000)}1${'}'.repeat(5_000)}]`,
      ],
      ...[
        '451-["subscribe",{"_placeholder":true,"num":0}]',
        '459-["subscribe",{"_placeholder":true,"num":99}]',
        'x'.repeat(70_000),
      ],
    ),
    fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes)),
  );
  for (const some of sample(fc.array(packet, { minLength: 1, maxLength: 12 }), 300)) {
    const raw = await openRaw();
    raw.ws.send(`40${JSON.stringify({ protocol: 2, token })}`);
    for (const each of some) if (raw.ws.readyState === raw.ws.OPEN) raw.ws.send(each);
    // Answered or ended: a packet in good order at the end tells.
    raw.ws.send('4277["presence.leave",{"room":"nowhere"}]');
    await vi.waitFor(
      () => expect(raw.ws.readyState === raw.ws.CLOSED || raw.heard.some((text) => text.startsWith('4377'))).toBe(true),
      wait,
    );
    raw.ws.terminate();
  }
}, 120_000);

test('what is posted to the polling way is not trusted either', async () => {
  const base = `${server.url}/socket.io/?EIO=4&transport=polling`;
  for (const body of sample(
    fc.oneof(
      fc.string({ unit: 'binary', maxLength: 300 }),
      fc.json().map((json) => `40${json}\x1e42${json}`),
    ),
    300,
  )) {
    const opened = await (await fetch(base)).text();
    const { sid } = JSON.parse(opened.slice(1)) as { sid: string };
    const { status } = await fetch(`${base}&sid=${sid}`, {
      method: 'POST',
      body,
      headers: { 'content-type': 'text/plain' },
    });
    expect([200, 400]).toContain(status);
  }
  const odd = ['', 'x', 'null', '../..', '%00', '__proto__', 'a'.repeat(2_000)];
  for (const sid of odd) expect((await fetch(`${base}&sid=${sid}`)).status).toBeLessThan(500);
}, 120_000);

/** Small enough for one packet, with no more parts of bytes than Socket.io takes. */
function isOnePacket(args: unknown): boolean {
  let bytes = 0;
  const json = JSON.stringify(args, (_, value: unknown) => {
    if (!(value instanceof Uint8Array)) return value;
    bytes++;
    return 'bytes';
  });
  return bytes <= 10 && Buffer.byteLength(json) < 60_000;
}

function expectClear(error: ErrorBody): void {
  expect(errorCodes).toContain(error.code);
  expect(error.code).not.toBe('internal');
  expect(error.message).toMatch(/\S.{5,}[.!?)]$/s);
  expect(error.message.length).toBeLessThan(2_000);
}

/** Engine.IO without a client: what is sent is what is written here. */
async function openRaw(): Promise<{ ws: WebSocket; heard: string[] }> {
  const ws = new WebSocket(`${server.url.replace('http', 'ws')}/socket.io/?EIO=4&transport=websocket`);
  const heard: string[] = [];
  ws.on('error', () => {});
  ws.on('message', (data: Buffer) => heard.push(data.toString()));
  await vi.waitFor(() => expect(heard.length).toBeGreaterThan(0), wait);
  return { ws, heard };
}
