import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Columns, Point, StreamMeta } from './protocol/index.ts';
import { Series } from './series.ts';

const meta: StreamMeta = {
  id: 1,
  stream: 'http.latency',
  tags: { route: '/', region: 'eu' },
  unit: 's',
  kind: 'gauge',
};

function columnsOf(points: readonly Point[]): Columns {
  return {
    times: Float64Array.from(points, ([time]) => time),
    values: Float64Array.from(points, ([, value]) => value),
  };
}

function pointsOf({ times, values }: Columns): Point[] {
  return Array.from(times, (time, i) => [time, values[i]!]);
}

test('is told apart by its key', () => {
  expect(new Series(meta).key).toBe('http.latency{region="eu",route="/"}');
});

test('without points there is no first and no last', () => {
  expect(new Series(meta)).toMatchObject({ length: 0, first: null, last: null });
});

describe('points', () => {
  const batch = fc.array(fc.tuple(fc.integer({ min: 0, max: 60 }), fc.integer()), { maxLength: 30 });
  const batches = fc.array(
    fc.oneof({ weight: 9, arbitrary: batch }, { weight: 1, arbitrary: fc.constant('clear' as const) }),
    {
      maxLength: 30,
    },
  );

  test('are those that a sorted map would keep, whatever arrives in whatever order', () => {
    fc.assert(
      fc.property(batches, fc.integer({ min: 1, max: 40 }), (batches, capacity) => {
        const series = new Series(meta, { capacity });
        let expected = new Map<number, number>();
        for (const batch of batches) {
          if (batch === 'clear') {
            series.clear();
            expected.clear();
            continue;
          }
          series.append(columnsOf(batch));
          for (const [time, value] of batch) expected.set(time, value);
          expected = new Map([...expected].sort(([a], [b]) => a - b).slice(-capacity));
          const points = [...expected];
          expect(pointsOf(series)).toEqual(points);
          expect(series).toMatchObject({
            length: points.length,
            first: points[0]?.[0] ?? null,
            last: points.at(-1)?.[0] ?? null,
          });
        }
      }),
      { numRuns: 1_000 },
    );
  });

  test('stay right over many times the capacity, one by one and in bulk', () => {
    const series = new Series(meta, { capacity: 1_000 });
    for (let time = 0; time < 5_000; time++) series.append(columnsOf([[time, -time]]));
    expect(series).toMatchObject({ length: 1_000, first: 4_000, last: 4_999 });
    series.append(columnsOf(Array.from({ length: 7_000 }, (_, i) => [5_000 + i, i])));
    expect(series).toMatchObject({ length: 1_000, first: 11_000, last: 11_999 });
    expect(series.values.at(-1)).toBe(6_999);
  });

  test('a batch of a hundred thousand late ones is taken at once', () => {
    const even = columnsOf(Array.from({ length: 50_000 }, (_, i) => [2 * i, 0]));
    const odd = columnsOf(Array.from({ length: 50_000 }, (_, i): Point => [99_999 - 2 * i, 1]));
    const series = new Series(meta);
    series.append(even);
    series.append(odd);
    expect(series.length).toBe(100_000);
    expect([...series.values.subarray(0, 4)]).toEqual([0, 1, 0, 1]);
  });
});

describe('the version', () => {
  test('goes up with points, with what is known of the stream, and when all is dropped', () => {
    const series = new Series(meta);
    const versions = [series.version];
    const note = () => versions.push(series.version);
    series.append(columnsOf([[1, 1]]));
    note();
    series.describe({ ...meta, unit: 'ms' });
    note();
    series.clear();
    note();
    expect(versions).toEqual([0, 1, 2, 3]);
  });

  test('stays when nothing changed', () => {
    const series = new Series(meta);
    series.append(columnsOf([]));
    series.describe({ ...meta, id: 2 });
    expect(series.version).toBe(0);
    expect(series.meta.id).toBe(2);
  });
});
