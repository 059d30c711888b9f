import fc from 'fast-check';
import { expect, test } from 'vitest';
import { matcherOf, parseSelector, streamKey } from './index.ts';

const stream = fc.stringMatching(/^[A-Za-z_][A-Za-z0-9_.:/-]{0,20}$/);
const tags = fc.dictionary(
  fc.stringMatching(/^[A-Za-z_][A-Za-z0-9_.-]{0,8}$/),
  fc.string({ minLength: 1, maxLength: 10 }),
  { maxKeys: 4 },
);

test('[K1] tags are sorted and values quoted; without tags it is the name', () => {
  expect(streamKey({ stream: 'http.latency', tags: { route: '/', region: 'eu' } })).toBe(
    'http.latency{region="eu",route="/"}',
  );
  expect(streamKey({ stream: 'a', tags: { b: 'say "hi"\\\n' } })).toBe(String.raw`a{b="say \"hi\"\\\n"}`);
  expect(streamKey({ stream: 'node_load1', tags: {} })).toBe('node_load1');
});

test('[K1] the order in which tags were given does not matter', () => {
  fc.assert(
    fc.property(stream, tags, (stream, tags) => {
      const turned = Object.fromEntries(Object.entries(tags).reverse());
      expect(streamKey({ stream, tags: turned })).toBe(streamKey({ stream, tags }));
    }),
  );
});

test('[K1] different streams have different keys', () => {
  const pair = fc.tuple(fc.record({ stream, tags }), fc.record({ stream, tags }));
  fc.assert(
    fc.property(pair, ([a, b]) => {
      const isSame = a.stream === b.stream && JSON.stringify(sorted(a.tags)) === JSON.stringify(sorted(b.tags));
      expect(streamKey(a) === streamKey(b)).toBe(isSame);
    }),
  );
});

test('[K1] a key is a selector that picks its stream', () => {
  fc.assert(
    fc.property(stream, tags, (stream, tags) => {
      expect(matcherOf(parseSelector(streamKey({ stream, tags })))({ stream, tags })).toBe(true);
    }),
  );
});

function sorted(tags: Record<string, string>): [string, string][] {
  return Object.entries(tags).sort();
}
