import { MAX_BATCH_POINTS, QuantumFluxError } from '@quantumflux/sdk/protocol';
import { expect, test } from 'vitest';
import { readPoints } from './json.ts';

const write = (more: object = {}) => ({ stream: 'plant.temp', points: [[1_763_800_000_000, 21.5]], ...more });

function refusal(body: unknown): { code: string; path: string | undefined } {
  try {
    readPoints(body);
  } catch (error) {
    if (error instanceof QuantumFluxError) return { code: error.code, path: error.path };
    throw error;
  }
  throw new Error('was accepted');
}

test('one stream and a list of streams become the same columns', () => {
  const one = readPoints(write({ tags: { line: '3' }, unit: 'celsius' }));
  expect(one).toEqual(readPoints({ streams: [write({ tags: { line: '3' }, unit: 'celsius' })] }));
  expect(one).toMatchObject({ points: 1, streams: [{ key: 'plant.temp{line="3"}', unit: 'celsius', kind: 'gauge' }] });
  expect([...one.streams[0]!.columns.times]).toEqual([1_763_800_000_000]);
  expect([...one.streams[0]!.columns.values]).toEqual([21.5]);
});

test.each<[string, unknown, string | undefined]>([
  ['nothing', undefined, undefined],
  ['a list', [], undefined],
  ['an unknown key', write({ units: 'celsius' }), undefined],
  ['an unknown key beside streams', { streams: [write()], stream: 'x' }, 'stream'],
  ['no streams', { streams: [] }, 'streams'],
  ['no points', write({ points: [] }), 'points'],
  ['a name with spaces', write({ stream: 'plant temp' }), 'stream'],
  ['a tag that is a number', write({ tags: { line: 3 } }), 'tags.line'],
  ['a control character', write({ tags: { line: 'a\u0000' } }), 'tags.line'],
  ['points that are objects', { streams: [write(), write({ points: [{ t: 1, v: 2 }] })] }, 'streams.1.points.0'],
  [
    'a time that is text',
    {
      streams: [
        write({
          points: [
            [1, 1],
            ['2026', 1],
          ],
        }),
      ],
    },
    'streams.0.points.1.0',
  ],
  ['a time beyond the calendar', write({ points: [[9e15, 1]] }), 'points.0.0'],
  ['null as a value', write({ points: [[1, null]] }), 'points.0.1'],
  ['an infinite value', JSON.parse('{"stream":"a","points":[[1,1e999]]}'), 'points.0.1'],
  ['NaN as a value', write({ points: [[1, Number.NaN]] }), 'points.0.1'],
  ['a point of three', write({ points: [[1, 2, 3]] }), 'points.0'],
])('refuses %s and names the field', (_, body, path) => {
  expect(refusal(body)).toEqual({ code: 'invalid_input', path });
});

test('a write with more points than allowed is too large, whichever way they are spread', () => {
  const points = Array.from({ length: MAX_BATCH_POINTS / 2 + 1 }, (_, i) => [i, i]);
  expect(refusal({ streams: [write({ points }), write({ points })] }).code).toBe('too_large');
});

test('a key of the prototype is a tag like any other, or refused, but never more than that', () => {
  const batch = readPoints(JSON.parse('{"stream":"a","tags":{"constructor":"x"},"points":[[1,1]]}'));
  expect(batch.streams[0]!.key).toBe('a{constructor="x"}');
  expect(({} as Record<string, unknown>)['x']).toBeUndefined();
});

test('a stream is known again by all that it says', () => {
  const point = [[1, 2]];
  const said = [
    { stream: 'a', points: point },
    { stream: 'a', points: point, unit: 'b' },
    { stream: 'a', points: point, tags: { unit: 'b' } },
    { stream: 'a', points: point, tags: { x: '1', y: '2' } },
    { stream: 'a', points: point, tags: { x: '1y2' } },
    { stream: 'a', points: point, tags: { x: '11:y1:2' } },
    { stream: 'a', points: point, kind: 'counter' },
  ];
  const read = () => readPoints({ streams: said }).streams.map(({ key, unit, kind }) => [key, unit, kind]);
  expect(read()).toEqual([
    ['a', null, 'gauge'],
    ['a', 'b', 'gauge'],
    ['a{unit="b"}', null, 'gauge'],
    ['a{x="1",y="2"}', null, 'gauge'],
    ['a{x="1y2"}', null, 'gauge'],
    ['a{x="11:y1:2"}', null, 'gauge'],
    ['a', null, 'counter'],
  ]);
  expect(read()).toEqual(read());
  // What was in order once does not make something else so.
  for (const wrong of [{ count: 1 }, { tags: { x: 1 } }, { tags: ['1'] }, { unit: null }, { nme: 'a' }]) {
    expect(() => readPoints({ stream: 'a', points: point, ...wrong })).toThrow(QuantumFluxError);
  }
});
