import { expect, test } from 'vitest';
import { deflateSync, gzipSync } from 'node:zlib';
import { inflate } from './inflate.ts';
import { snappy } from './snappy.testing.ts';

const plain = Buffer.from('cpu value=1\n'.repeat(100));
const encoded: [string, (body: Buffer) => Buffer][] = [
  ['identity', (body) => body],
  ['gzip', gzipSync],
  ['deflate', deflateSync],
  ['snappy', snappy],
];

test.each(encoded)('%s is what it was before', async (encoding, encode) => {
  expect((await inflate(encode(plain), encoding)).equals(plain)).toBe(true);
});

test.each(encoded.slice(1))('a bomb of %s is refused', async (encoding, encode) => {
  const bomb = encode(Buffer.alloc(100_000));
  expect(bomb.length).toBeLessThan(10_000);
  await expect(inflate(bomb, encoding, 10_000)).rejects.toMatchObject({ code: 'too_large' });
});

test('what was not compressed, or in a way we do not know, is refused', async () => {
  await expect(inflate(plain, 'gzip')).rejects.toMatchObject({ code: 'invalid_input' });
  await expect(inflate(plain, 'br, gzip')).rejects.toMatchObject({ code: 'unsupported_type' });
});
