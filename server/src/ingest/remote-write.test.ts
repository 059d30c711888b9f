import { expect, test } from 'vitest';
import { readRemoteWrite, remoteWriteRoute } from './remote-write.ts';
import { encodeWriteRequest } from './remote-write.testing.ts';

const NOW = 1_763_800_000_000;

test('labels are tags and the name is the stream; a total is a counter', () => {
  const { batch, refused } = readRemoteWrite(
    encodeWriteRequest([
      {
        labels: { __name__: 'up', job: 'node', empty: '' },
        samples: [
          [1, NOW],
          [0, NOW + 15_000],
        ],
      },
      { labels: { __name__: 'http_requests_total', code: '200' }, samples: [[1027, NOW]] },
    ]),
  );
  expect(refused).toBeUndefined();
  expect(batch.streams.map(({ key, kind, columns }) => [key, kind, [...columns.times], [...columns.values]])).toEqual([
    ['up{job="node"}', 'gauge', [NOW, NOW + 15_000], [1, 0]],
    ['http_requests_total{code="200"}', 'counter', [NOW], [1027]],
  ]);
});

test('stale markers and infinities are skipped: a gap is a gap', () => {
  const { batch } = readRemoteWrite(
    encodeWriteRequest([
      {
        labels: { __name__: 'up' },
        samples: [
          [Number.NaN, NOW],
          [Infinity, NOW],
          [2, NOW],
        ],
      },
    ]),
  );
  expect([...batch.streams[0]!.columns.values]).toEqual([2]);
});

test('a series that cannot be stored does not refuse the others', () => {
  const many = Object.fromEntries(Array.from({ length: 17 }, (_, i) => [`label${i}`, 'x']));
  const { batch, refused } = readRemoteWrite(
    encodeWriteRequest([
      {
        labels: { __name__: 'wide', ...many },
        samples: [
          [1, NOW],
          [2, NOW],
        ],
      },
      { labels: { job: 'nameless' }, samples: [[1, NOW]] },
      { labels: { __name__: 'up' }, samples: [[1, NOW]] },
    ]),
  );
  expect(batch.streams.map(({ key }) => key)).toEqual(['up']);
  expect(refused).toMatchObject({ points: 3 });
  expect(refused?.message).toContain('at most 16');
});

test.each([
  ['bytes that are no protobuf', Buffer.from([0x0a, 0xff]), 'application/x-protobuf', 'invalid_input'],
  [
    'a message that ends too early',
    encodeWriteRequest([{ labels: { __name__: 'up' }, samples: [[1, NOW]] }]).subarray(0, 9),
    'application/x-protobuf',
    'invalid_input',
  ],
  ['version 2', Buffer.alloc(0), 'application/x-protobuf;proto=io.prometheus.write.v2.Request', 'unsupported_type'],
  ['JSON', Buffer.from('{}'), 'application/json', 'unsupported_type'],
])('%s is refused', (_, body, type, code) => {
  expect(() =>
    remoteWriteRoute.read(body, { headers: { 'content-type': type }, query: new URLSearchParams() }),
  ).toThrow(expect.objectContaining({ code }));
});
