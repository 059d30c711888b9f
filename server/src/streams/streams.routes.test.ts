import type { QueryResult, StreamInfo } from '@quantumflux/sdk/protocol';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startComposed, type Composed } from '../compose.testing.ts';
import { DAY } from './downsample.ts';

let server: Composed;
beforeAll(async () => void (server = await startComposed({ RETENTION: '30d' })));
afterAll(() => server.stop());

const write = async (stream: string, times: number[]) =>
  expect(
    (await server.send('POST', '/api/v1/points', { stream, points: times.map((time, i) => [time, i]) })).status,
  ).toBe(204);
const change = (body: object) => server.send('PATCH', '/api/v1/streams', body);

async function retentionsOf(select: string): Promise<(string | null)[]> {
  const { text } = await server.send('GET', `/api/v1/streams?select=${select}`);
  return (JSON.parse(text) as { streams: StreamInfo[] }).streams.map(({ retention }) => retention);
}

async function valuesOf(stream: string, from: string): Promise<number[]> {
  const { text } = await server.send('GET', `/api/v1/query?select=${stream}&from=${from}`);
  return (JSON.parse(text) as QueryResult).streams.flatMap((series) => ('v' in series ? series.v : []));
}

test('[R1] a new stream is kept as long as the server says, and as long as somebody says from then on', async () => {
  const now = Date.now();
  await write('kept.a', [now - 31 * DAY, now - 29 * DAY, now - DAY / 2, now]);
  expect(await retentionsOf('kept.a')).toEqual(['30d']);
  expect(await valuesOf('kept.a', '-400d')).toEqual([1, 2, 3]);

  expect((await change({ select: 'kept.a', retention: '1d' })).text).toBe('{"changed":1}');
  expect(await retentionsOf('kept.a')).toEqual(['1d']);
  expect(await valuesOf('kept.a', '-400d')).toEqual([2, 3]);
  // Late, and too late.
  await write('kept.a', [now - 2 * DAY]);
  expect(await valuesOf('kept.a', '-400d')).toEqual([2, 3]);

  expect((await change({ select: 'kept.a', retention: null, public: true })).status).toBe(200);
  expect(await retentionsOf('kept.a')).toEqual([null]);
  expect((await valuesOf('kept.a', '-400d')).slice(-2)).toEqual([2, 3]);
});

test('a question far before what is kept has no points, and is no mistake', async () => {
  await write('kept.b', [Date.now()]);
  const range = 'from=2020-01-01&to=2020-02-01';
  const { status, text } = await server.send('GET', `/api/v1/query?select=kept.b&${range}`);
  expect([status, JSON.parse(text)]).toMatchObject([200, { streams: [{ t: [] }] }]);
});

test.each([
  ['nothing to change', {}, 'must say public or retention'],
  ['a length that is none', { retention: 'a while' }, 'retention: must be a length of time'],
  ['less than a minute', { retention: '59s' }, 'at least a minute'],
  ['no time at all', { retention: '' }, 'retention: must be a length of time'],
  ['longer than the calendar', { retention: '99999999999999w' }, 'retention: must be a length of time'],
  ['a number', { retention: 30 }, 'retention'],
])('%s is refused', async (_, body, sentence) => {
  await write('kept.c', [Date.now()]);
  const { status, text } = await change({ select: 'kept.c', ...body });
  expect(status).toBe(400);
  expect(text).toContain(sentence);
  expect(await retentionsOf('kept.c')).toEqual(['30d']);
});
