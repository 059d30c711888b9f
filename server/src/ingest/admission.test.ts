import { createServer, request, type ClientRequest, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, expect, test, vi } from 'vitest';
import { answerError } from '../http/errors.ts';
import { silent } from '../log.ts';
import { createAdmission, type AdmissionOptions } from './admission.ts';
import { createPatience } from './patience.ts';
import { discard, readBody } from './write-body.ts';

let stop: () => void;
afterEach(() => stop());

/** A server that takes bodies in and answers once told to. */
async function serve(options: AdmissionOptions) {
  const admission = createAdmission(options);
  let finish = () => {};
  const finished = new Promise<void>((resolve) => (finish = resolve));
  const server = createServer((req, res) => {
    const answer = async () => {
      const ticket = admission.enter(req, res);
      await ticket.inTime(readBody(req, 1_000, ticket.take));
      await finished;
    };
    answer().then(
      () => res.writeHead(204).end(),
      (cause: unknown) => {
        discard(req);
        answerError(res, cause, silent);
      },
    );
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  stop = () => {
    server.closeAllConnections();
    server.close();
  };
  const { port } = server.address() as AddressInfo;
  return { admission, port, finish };
}

/** A request whose body is sent by hand. */
function begin(port: number, headers: Record<string, string | number> = {}) {
  const req: ClientRequest = request({ port, host: '127.0.0.1', method: 'POST', headers });
  const answer = new Promise<IncomingMessage>((resolve, reject) => req.on('response', resolve).on('error', reject));
  // Who is cut off after the test has seen what it wanted.
  answer.catch(() => {});
  req.flushHeaders();
  return { req, answer };
}

test('beyond the bytes that fit, a body is refused before it is read', async () => {
  const { admission, port, finish } = await serve({ maxBytes: 100 });
  const first = begin(port, { 'content-length': 80 });
  await vi.waitFor(() => expect(admission.bytesInFlight).toBe(80));
  const second = await begin(port, { 'content-length': 30 }).answer;
  expect(second.statusCode).toBe(503);
  expect(second.headers['retry-after']).toBe('1');
  first.req.end('x'.repeat(80));
  finish();
  expect((await first.answer).statusCode).toBe(204);
  await vi.waitFor(() => expect(admission.bytesInFlight).toBe(0));
});

test('a body of unknown length is counted as it comes', async () => {
  const { admission, port } = await serve({ maxBytes: 100 });
  const first = begin(port);
  first.req.write('x'.repeat(60));
  await vi.waitFor(() => expect(admission.bytesInFlight).toBe(60));
  const second = begin(port);
  second.req.write('x'.repeat(30));
  await vi.waitFor(() => expect(admission.bytesInFlight).toBe(90));
  second.req.write('x'.repeat(30));
  expect((await second.answer).statusCode).toBe(503);
  await vi.waitFor(() => expect(admission.bytesInFlight).toBe(60));
});

test('what a sender who leaves had reserved is free again', async () => {
  const { admission, port } = await serve({ maxBytes: 100 });
  const first = begin(port, { 'content-length': 80 });
  first.req.write('x'.repeat(40));
  await vi.waitFor(() => expect(admission.bytesInFlight).toBe(80));
  first.req.destroy();
  await vi.waitFor(() => expect(admission.bytesInFlight).toBe(0));
});

test('a sender who is too slow is told so and cut off', async () => {
  const { admission, port } = await serve({ bodyMs: 200 });
  const slow = begin(port, { 'content-length': 80 });
  const drip = setInterval(() => slow.req.write('x'), 20);
  const answer = await slow.answer;
  expect(answer.statusCode).toBe(503);
  expect(answer.headers.connection).toBe('close');
  clearInterval(drip);
  await vi.waitFor(() => expect(admission.bytesInFlight).toBe(0));
  await vi.waitFor(() => expect(slow.req.socket?.destroyed).toBe(true));
});

test('patience is spent by waiting, not by what is done between', async () => {
  const patience = createPatience(300);
  const later = (ms: number) => new Promise<string>((resolve) => setTimeout(() => resolve('answer'), ms));
  expect(await patience.waitFor(later(100))).toBe('answer');
  await later(300);
  expect(await patience.waitFor(later(100))).toBe('answer');
  await expect(patience.waitFor(later(2_000))).rejects.toMatchObject({
    code: 'unavailable',
    cause: { retryMs: 1_000 },
  });
});
