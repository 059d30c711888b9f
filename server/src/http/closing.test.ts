import { createServer, get, type IncomingMessage, type Server } from 'node:http';
import { connect, type AddressInfo } from 'node:net';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { createClosing, type Closing } from './closing.ts';

let http: Server;
let closing: Closing;
let port: number;
/** Requests that wait for their answer. */
let waiting: (() => void)[];

beforeEach(async () => {
  waiting = [];
  http = createServer((req, res) => {
    const answer = () => res.end('answered');
    if (req.url === '/slow') waiting.push(answer);
    else answer();
  });
  http.on('upgrade', (_req, socket) => socket.write('HTTP/1.1 101 Switching Protocols\r\n\r\nhello'));
  closing = createClosing(http, { stays: '/stays/' });
  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve));
  ({ port } = http.address() as AddressInfo);
});
afterEach(() => {
  http.closeAllConnections();
  http.close();
});

async function ask(
  path: string,
): Promise<{ status: number | undefined; connection: string | undefined; text: string }> {
  const response = await new Promise<IncomingMessage>((resolve, reject) =>
    get({ port, host: '127.0.0.1', path }, resolve).on('error', reject),
  );
  const parts = await response.setEncoding('utf8').toArray();
  return { status: response.statusCode, connection: response.headers.connection, text: parts.join('') };
}

/** What comes over a connection that asks for an upgrade. */
function upgrade(path: string): { said: () => string; end: () => void } {
  const socket = connect(port, '127.0.0.1');
  let said = '';
  socket.setEncoding('utf8').on('data', (text: string) => (said += text));
  socket.write(`GET ${path} HTTP/1.1\r\nHost: here\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n`);
  return { said: () => said, end: () => socket.destroy() };
}

test('once it begins, every answer ends its connection, also one that was asked for before', async () => {
  expect((await ask('/')).connection).toBe('keep-alive');
  const slow = ask('/slow');
  await vi.waitFor(() => expect(waiting).toHaveLength(1));
  closing.begin();
  expect(await ask('/')).toEqual({ status: 200, connection: 'close', text: 'answered' });
  waiting[0]!();
  expect((await slow).connection).toBe('close');
});

test('who wants to stay is answered 503, who is here already stays', async () => {
  const early = upgrade('/stays/');
  await vi.waitFor(() => expect(early.said()).toContain('hello'));
  closing.refuseSockets();
  const late = upgrade('/stays/');
  await vi.waitFor(() => expect(late.said()).toMatch(/^HTTP\/1.1 503 [^]*"unavailable"/));
  expect((await ask('/stays/?transport=polling')).status).toBe(503);
  expect((await ask('/stays/?transport=polling&sid=known')).status).toBe(200);
  expect((await ask('/')).status).toBe(200);
  expect(early.said()).not.toContain('503');
  early.end();
});

test('it is finished when all that was asked is answered, and not before', async () => {
  let isFinished = false;
  const slow = ask('/slow');
  await vi.waitFor(() => expect(waiting).toHaveLength(1));
  closing.begin();
  const finished = closing.finish({ patienceMs: 1_000_000 }).then(() => (isFinished = true));
  await expect(ask('/')).rejects.toThrow('ECONNREFUSED');
  expect(isFinished).toBe(false);
  waiting[0]!();
  expect((await slow).text).toBe('answered');
  await finished;
});

test('a request that takes too long is cut off', async () => {
  const slow = ask('/slow').catch((error: Error) => error.message);
  await vi.waitFor(() => expect(waiting).toHaveLength(1));
  await closing.finish({ patienceMs: 1 });
  expect(await slow).toMatch(/socket hang up|ECONNRESET/);
});
