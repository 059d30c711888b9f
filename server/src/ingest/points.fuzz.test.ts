import { blocksOf, decodeBlock, MAX_KEY_BYTES, streamKey } from '@quantumflux/sdk/protocol';
import fc from 'fast-check';
import { randomBytes } from 'node:crypto';
import { gzipSync, deflateSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startComposed, type Composed } from '../compose.testing.ts';
import { anyStream, formats, mutated, type Format } from './formats.testing.ts';
import { snappy } from './snappy.testing.ts';

// The real server, through its socket, with the real database behind it: whatever is sent, the answer is one of those that
// are promised, and what it says about the points is so.

let server: Composed;
beforeAll(async () => void (server = await startComposed()));
afterAll(() => server.stop());

/** How many points the journal got since the last time. */
const heads = new Map<number, string>();
async function newPoints(): Promise<number> {
  const { rows } = await server.database.pool.query<{ partition: number; offset: string; payload: Buffer }>(
    `SELECT journal.partition, "offset", payload FROM journal
     JOIN unnest($1::int[], $2::bigint[]) AS seen(partition, head) ON journal.partition = seen.partition
     WHERE "offset" > head ORDER BY "offset"`,
    [[0, 1, 2, 3, 4, 5, 6, 7], [0, 1, 2, 3, 4, 5, 6, 7].map((partition) => heads.get(partition) ?? '0')],
  );
  let points = 0;
  for (const { partition, offset, payload } of rows) {
    heads.set(partition, offset);
    for (const block of blocksOf(payload)) points += decodeBlock(block).times.length;
  }
  return points;
}

const encodings: Record<string, (body: Buffer) => Buffer> = {
  identity: (body) => body,
  gzip: (body) => gzipSync(body),
  deflate: (body) => deflateSync(body),
  snappy: (body) => snappy(body),
};

type Sent = { body: Buffer; said: string; encoded: string; query: string };

async function check({ route, type }: Format, { body, said, encoded, query }: Sent): Promise<void> {
  const headers = { 'content-type': type, 'content-encoding': said };
  const { status, text } = await server.send('POST', `${route.path}${query}`, encodings[encoded]!(body), headers);
  const stored = await newPoints();
  expect([200, 204, 400, 409, 413, 415]).toContain(status);
  const [, partial = '0'] = /partial write error \((\d+) written\)/.exec(text) ?? [];
  if (status >= 400) {
    expect(stored).toBe(Number(partial));
    expect(text.length).toBeGreaterThan(20);
  }
  if (status === 200 && type !== 'application/x-protobuf' && route.path.endsWith('upload')) {
    const { points, stored: isStored } = JSON.parse(text) as { points: number; stored: boolean };
    expect(stored).toBe(isStored ? points : 0);
  }
}

const anyQuery = fc.constantFrom(
  '',
  '',
  '?precision=ms',
  '?precision=s',
  '?precision=no',
  '?preview=1',
  '?time=t&tags=b',
);
const anyEncoding = fc.oneof(
  { weight: 4, arbitrary: fc.constant(['identity', 'identity']) },
  fc.constantFrom(...Object.keys(encodings)).map((name) => [name, name]),
  // It says one thing and is another.
  fc.tuple(
    fc.constantFrom('gzip', 'deflate', 'snappy', 'br', 'gzip, gzip', ''),
    fc.constantFrom(...Object.keys(encodings)),
  ),
);

describe.each(formats)('$name', (format) => {
  test('what is in order is stored', async () => {
    const { status } = await server.send('POST', `${format.route.path}?precision=ms`, format.body, {
      'content-type': format.type,
    });
    expect([200, 204]).toContain(status);
    expect(await newPoints()).toBeGreaterThanOrEqual(2);
  });

  test.each<[string, fc.Arbitrary<Buffer>]>([
    ['a body with mistakes', mutated(format.body)],
    ['random bytes', fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes))],
    ['any stream', anyStream.map(format.encode)],
    [
      'half of any stream',
      anyStream
        .map((any) => format.encode(any))
        .chain((body) => fc.nat(body.length).map((end) => body.subarray(0, end))),
    ],
  ])('%s: no 5xx, and after a refusal nothing is stored but what the answer says', async (_, bodies) => {
    await fc.assert(
      fc.asyncProperty(bodies, anyEncoding, anyQuery, (body, [said, encoded], query) =>
        check(format, { body, said: said, encoded: encoded, query }),
      ),
      { numRuns: 40 },
    );
  });

  test('a body that grows a thousandfold is refused, whatever it is packed in', async () => {
    const large = Buffer.alloc(40 * 1_024 * 1_024, ' ');
    for (const said of ['gzip', 'deflate', 'snappy']) {
      const headers = { 'content-type': format.type, 'content-encoding': said };
      const { status } = await server.send('POST', format.route.path, encodings[said]!(large), headers);
      expect(status).toBe(413);
      expect(await newPoints()).toBe(0);
    }
  });
});

test('a stream may be called as long as the limit says, and not longer, in characters that do not shrink', async () => {
  const stream = (length: number) => {
    const tags: Record<string, string> = {};
    const missing = () => length - Buffer.byteLength(streamKey({ stream: 'long', tags }));
    for (let i = 10; missing() > 0; i++) {
      tags[`t${i}`] = randomBytes(192)
        .toString('base64')
        .slice(0, Math.min(256, missing() - 7 - (i === 10 ? 1 : 0)));
    }
    return { stream: 'long', tags, points: [[1, 1]] };
  };
  const longest = stream(MAX_KEY_BYTES);
  expect(Buffer.byteLength(streamKey(longest))).toBe(MAX_KEY_BYTES);
  expect((await server.send('POST', '/api/v1/points', longest)).status).toBe(204);
  expect(await newPoints()).toBe(1);
  const { status, text } = await server.send('POST', '/api/v1/points', stream(MAX_KEY_BYTES + 1));
  expect(status).toBe(400);
  expect(text).toContain('2000 bytes');
});

test('nothing of it was a mistake on our side', () => {
  expect(server.log.lines.filter(({ level }) => level === 'error')).toEqual([]);
});
