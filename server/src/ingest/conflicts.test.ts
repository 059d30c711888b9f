import type { QueryResult } from '@quantumflux/sdk/protocol';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startComposed, type Composed } from '../compose.testing.ts';
import { encodeWriteRequest } from './remote-write.testing.ts';

// A stream is of one unit and one kind. An agent that sends one of another has many more that are in order.

let server: Composed;
const now = Date.now() - 60_000;

beforeAll(async () => {
  server = await startComposed();
  const streams = [
    { stream: 'temp', unit: 'Cel', points: [[now, 1]] },
    { stream: 'sent_total', points: [[now, 1]] },
  ];
  expect((await server.send('POST', '/api/v1/points', { streams })).status).toBe(204);
});
afterAll(() => server.stop());

async function valuesOf(stream: string): Promise<number[]> {
  const { status, text } = await server.send('GET', `/api/v1/query?select=${stream}`);
  if (status === 404) return [];
  return (JSON.parse(text) as QueryResult).streams.flatMap((series) => ('v' in series ? series.v : []));
}

const gauge = (name: string, unit: string, ...values: number[]) => ({
  name,
  unit,
  gauge: { dataPoints: values.map((asDouble, i) => ({ timeUnixNano: `${now + 1_000 * (i + 1)}000000`, asDouble })) },
});
const metrics = (...all: object[]) => ({ resourceMetrics: [{ scopeMetrics: [{ metrics: all }] }] });

test('OTLP: the rest is stored, and the stream is told as partial success', async () => {
  const fitting = Array.from({ length: 9 }, (_, i) => gauge(`otlp.s${i}`, 's', i));
  const body = metrics(...fitting.slice(0, 4), gauge('temp', 'K', 300, 301), ...fitting.slice(4));
  const headers = { 'content-type': 'application/json', 'idempotency-key': 'otlp' };
  for (const replayed of [null, 'true']) {
    const answer = await server.send('POST', '/v1/metrics', body, headers);
    expect([answer.status, answer.headers.get('idempotent-replayed')]).toEqual([200, replayed]);
    expect(JSON.parse(answer.text)).toEqual({
      partialSuccess: {
        rejectedDataPoints: '2',
        errorMessage: 'temp is stored in Cel, these points are in K. Convert them, or write to another stream.',
      },
    });
  }
  expect(await valuesOf('temp')).toEqual([1]);
  for (let i = 0; i < fitting.length; i++) expect(await valuesOf(`otlp.s${i}`)).toEqual([i]);
});

test('OTLP: a request of which nothing fits stores nothing', async () => {
  const { status, text } = await server.send('POST', '/v1/metrics', metrics(gauge('temp', 'K', 300)));
  expect([status, JSON.parse(text)]).toMatchObject([200, { partialSuccess: { rejectedDataPoints: '1' } }]);
  expect(await valuesOf('temp')).toEqual([1]);
});

test('remote-write: the rest is stored, and 400 says which one was not and how many were', async () => {
  const body = encodeWriteRequest([
    { labels: { __name__: 'sent_total' }, samples: [[7, now]] },
    { labels: { __name__: 'prometheus_up' }, samples: [[5, now]] },
    { labels: { job: 'nameless' }, samples: [[6, now]] },
  ]);
  const headers = { 'content-type': 'application/x-protobuf' };
  const { status, text } = await server.send('POST', '/api/v1/write', body, headers);
  expect([status, JSON.parse(text)]).toMatchObject([400, { error: { code: 'invalid_input' } }]);
  expect(text).toContain('partial write error (1 written)');
  expect(await valuesOf('prometheus_up')).toEqual([5]);
  expect(await valuesOf('sent_total')).toEqual([1]);
});

test('our own JSON is stored as a whole or not at all', async () => {
  const streams = [
    { stream: 'json.fits', points: [[now, 1]] },
    { stream: 'temp', unit: 'K', points: [[now, 300]] },
  ];
  const { status, text } = await server.send('POST', '/api/v1/points', { streams });
  expect([status, JSON.parse(text)]).toMatchObject([409, { error: { code: 'conflict' } }]);
  expect(await valuesOf('json.fits')).toEqual([]);
  expect(await valuesOf('temp')).toEqual([1]);
});
