import { afterAll, beforeAll, expect, test } from 'vitest';
import { gzipSync } from 'node:zlib';
import type { QueryResult } from '@quantumflux/sdk/protocol';
import { COLUMNS_TYPE } from '../../server/src/ingest/columns.ts';
import { encodeColumns } from '../../server/src/ingest/columns.testing.ts';
import { otlp } from '../../server/src/ingest/otlp.proto.ts';
import { encodeWriteRequest } from '../../server/src/ingest/remote-write.testing.ts';
import { snappy } from '../../server/src/ingest/snappy.testing.ts';
import { get, SECRET_KEY, startServer, temporaryFolder, type RunningServer } from '../server.ts';

// What agents send, byte for byte as they do, and what they look at in the answer.

let folder: Awaited<ReturnType<typeof temporaryFolder>>;
let server: RunningServer;
const now = Math.floor(Date.now() / 1_000) * 1_000 - 60_000;

beforeAll(async () => {
  folder = await temporaryFolder();
  server = await startServer({ dataDir: folder.path });
});
afterAll(async () => {
  await server.stop();
  await folder.remove();
});

type Body = string | Uint8Array<ArrayBuffer>;

async function send(path: string, body: Body, headers: Record<string, string> = {}) {
  const response = await fetch(server.url + path, {
    method: 'POST',
    headers: { authorization: `Bearer ${SECRET_KEY}`, ...headers },
    body,
  });
  const bytes = Buffer.from(await response.arrayBuffer());
  return { status: response.status, headers: response.headers, bytes, text: bytes.toString() };
}

/** Times and values by name and tags, as a chart gets them. */
async function stored(select: string): Promise<Record<string, [number, number][]>> {
  const response = await get(server.url, `/api/v1/query?select=${encodeURIComponent(select)}&from=-15m`);
  if (response.status === 404) return {};
  const { streams } = (await response.json()) as QueryResult;
  const series = streams.flatMap((each) => {
    if (!('v' in each)) return [];
    const name = [each.stream, ...Object.values(each.tags)].join(' ');
    return [[name, each.t.map((time, i): [number, number] => [time, each.v[i]!])] as const];
  });
  return Object.fromEntries(series);
}

test('Telegraf: line protocol in gzip, with its token', async () => {
  const lines = [
    'cpu,cpu=cpu-total,host=web1 usage_idle=97.5,usage_user=2i',
    'mem,host=web1 used_percent=41.5,os="linux"',
  ];
  const body = gzipSync(lines.map((line) => `${line} ${now}000000\n`).join(''));
  const { status, text } = await send('/api/v2/write?bucket=telegraf&org=acme', body, {
    authorization: `Token ${SECRET_KEY}`,
    'content-type': 'text/plain; charset=utf-8',
    'content-encoding': 'gzip',
  });
  expect({ status, text }).toEqual({ status: 204, text: '' });
  expect(await stored('cpu.*')).toEqual({
    'cpu.usage_idle cpu-total web1': [[now, 97.5]],
    'cpu.usage_user cpu-total web1': [[now, 2]],
  });
  expect(await stored('mem.*')).toEqual({ 'mem.used_percent web1': [[now, 41.5]] });
});

test('Telegraf of version 1: the password is the key', async () => {
  const basic = `Basic ${Buffer.from(`telegraf:${SECRET_KEY}`).toString('base64')}`;
  const { status } = await send('/write?db=telegraf&precision=s', `v1 value=7 ${now / 1_000}`, {
    authorization: basic,
  });
  expect(status).toBe(204);
  expect(await stored('v1')).toEqual({ v1: [[now, 7]] });
});

test('lines that are in order are stored, and the answer says which was not', async () => {
  const body = `part value=1 ${now}\npart value=\npart value=2 ${now + 1_000}`;
  const { status, text } = await send('/api/v2/write?precision=ms', body);
  expect({ status, body: JSON.parse(text) as unknown }).toEqual({
    status: 400,
    body: {
      code: 'invalid',
      message: "partial write error (2 written): unable to parse 'part value=': invalid field value",
      line: 2,
    },
  });
  expect(await stored('part')).toEqual({
    part: [
      [now, 1],
      [now + 1_000, 2],
    ],
  });
});

test('refusals look as InfluxDB words them', async () => {
  const stranger = await send('/api/v2/write', 'a value=1', { authorization: 'Token wrong' });
  expect({ status: stranger.status, body: JSON.parse(stranger.text) as unknown }).toMatchObject({
    status: 401,
    body: { code: 'unauthorized' },
  });
  // Telegraf sends it again in two halves.
  const large = await send('/api/v2/write', 'a value=1\n'.repeat(100_001));
  expect({ status: large.status, body: JSON.parse(large.text) as unknown }).toMatchObject({
    status: 413,
    body: { code: 'request too large' },
  });
  const bomb = await send('/api/v2/write', gzipSync(Buffer.alloc(64 * 1_024 * 1_024)), { 'content-encoding': 'gzip' });
  expect(bomb.status).toBe(413);
  const inUrl = await fetch(`${server.url}/write?u=x&p=${SECRET_KEY}`, { method: 'POST', body: 'a value=1' });
  expect(inUrl.status).toBe(401);
});

test('who asks whether somebody is there gets an answer', async () => {
  for (const method of ['GET', 'HEAD']) {
    const ping = await fetch(`${server.url}/ping`, { method });
    expect([ping.status, ping.headers.get('x-influxdb-version')]).toEqual([204, expect.stringMatching(/^2\./)]);
  }
  expect((await fetch(`${server.url}/health`)).status).toBe(200);
});

test('our own columns', async () => {
  const body = encodeColumns([
    { stream: 'binary', tags: { line: '3' }, times: [now, now + 1_000], values: [1.5, 2.5] },
  ]);
  const { status } = await send('/api/v1/points', new Uint8Array(body), { 'content-type': COLUMNS_TYPE });
  expect(status).toBe(204);
  expect(await stored('binary')).toEqual({
    'binary 3': [
      [now, 1.5],
      [now + 1_000, 2.5],
    ],
  });
});

const metrics = (name: string, ...values: (number | string)[]) => ({
  resourceMetrics: [
    {
      resource: { attributes: [{ key: 'service.name', value: { stringValue: 'shop' } }] },
      scopeMetrics: [
        {
          scope: { name: 'checkout' },
          metrics: [
            { name, gauge: { dataPoints: values.map((asDouble) => ({ timeUnixNano: `${now}000000`, asDouble })) } },
          ],
        },
      ],
    },
  ],
});

test('an exporter of OpenTelemetry, in JSON', async () => {
  const json = { 'content-type': 'application/json' };
  const whole = await send('/v1/metrics', JSON.stringify(metrics('orders', 3)), json);
  expect([whole.status, whole.headers.get('content-type'), whole.text]).toEqual([200, 'application/json', '{}']);
  expect(await stored('orders')).toEqual({ 'orders shop': [[now, 3]] });

  const part = await send('/v1/metrics', JSON.stringify(metrics('basket', 'NaN', 4)), json);
  expect(part.status).toBe(200);
  expect(JSON.parse(part.text)).toEqual({
    partialSuccess: { rejectedDataPoints: '1', errorMessage: 'basket: the value is not a finite number.' },
  });
  expect(await stored('basket')).toEqual({ 'basket shop': [[now, 4]] });

  const bad = await send('/v1/metrics', '{', json);
  expect([bad.status, JSON.parse(bad.text)]).toMatchObject([400, { code: 3 }]);
});

test('an exporter of OpenTelemetry, in protobuf, as is its default', async () => {
  const protobuf = { 'content-type': 'application/x-protobuf' };
  const body = otlp.request.encode(otlp.request.fromObject(metrics('carts', 5))).finish();
  const { status, headers, bytes } = await send('/v1/metrics', gzipSync(body), {
    ...protobuf,
    'content-encoding': 'gzip',
  });
  expect([status, headers.get('content-type'), bytes.length]).toEqual([200, 'application/x-protobuf', 0]);
  expect(await stored('carts')).toEqual({ 'carts shop': [[now, 5]] });

  const stranger = await send('/v1/metrics', new Uint8Array(body), { ...protobuf, authorization: 'Bearer wrong' });
  expect(stranger.status).toBe(401);
  expect(otlp.status.toObject(otlp.status.decode(stranger.bytes))).toMatchObject({ code: 16 });
});

test('Prometheus: remote-write 1.0', async () => {
  const headers = {
    'content-type': 'application/x-protobuf',
    'content-encoding': 'snappy',
    'x-prometheus-remote-write-version': '0.1.0',
  };
  const samples: [number, number][] = [
    [1, now],
    [Number.NaN, now + 500],
    [0, now + 1_000],
  ];
  const body = encodeWriteRequest([{ labels: { __name__: 'up', job: 'node' }, samples }]);
  const { status, text } = await send('/api/v1/write', snappy(body), headers);
  expect({ status, text }).toEqual({ status: 204, text: '' });
  expect(await stored('up')).toEqual({
    'up node': [
      [now, 1],
      [now + 1_000, 0],
    ],
  });
  expect((await send('/api/v1/write', new Uint8Array(body), headers)).status).toBe(400);
});

test('a file is looked at first, then stored', async () => {
  const csv = { 'content-type': 'text/csv' };
  const file = `time,room,degrees\n${new Date(now).toISOString()},attic,21.5\n${now + 1_000},attic,22\n`;
  const preview = await send('/api/v1/points/upload?preview=1&stream=house', file, csv);
  expect(JSON.parse(preview.text)).toMatchObject({ stored: false, points: 2, streams: [{ stream: 'house.degrees' }] });
  expect(await stored('house.*')).toEqual({});
  const upload = await send('/api/v1/points/upload?stream=house', file, csv);
  expect([upload.status, JSON.parse(upload.text)]).toMatchObject([200, { stored: true, points: 2 }]);
  expect(await stored('house.*')).toEqual({
    'house.degrees attic': [
      [now, 21.5],
      [now + 1_000, 22],
    ],
  });
});

test('nothing that agents send is an error of the server', () => {
  const levels = server
    .output()
    .split('\n')
    .filter((line) => line.startsWith('{'));
  expect(levels.map((line) => (JSON.parse(line) as { level: string }).level)).not.toContain('error');
  expect(server.output()).not.toContain(SECRET_KEY);
});
