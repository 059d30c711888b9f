import { queryFunctions, type Columns, type QueryFunction, type StreamKind } from '@quantumflux/sdk/protocol';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { DAY, HOUR, MINUTE } from '../downsample.ts';
import { columnsOf, compactAll, startStorage, type Points } from '../storage.testing.ts';
import type { Stream } from '../stream.ts';
import type { Question } from './question.ts';
import { rangeOf, read } from './read.ts';

let storage: Awaited<ReturnType<typeof startStorage>>;
beforeAll(async () => void (storage = await startStorage()));
afterAll(() => storage.stop());

/** An hour and a half before a UTC day and month begins. */
const START = Date.UTC(2026, 9, 31, 22, 30);

type Made = { stream: Stream; writes: Points[] };

async function newStream({ kind = 'gauge', tags = {}, stream = 'load', unit = null }: Partial<Stream> = {}) {
  const id = await storage.newStream();
  return {
    id,
    organization: storage.organizationId,
    key: `${stream}${id}`,
    stream,
    tags,
    unit,
    kind,
    public: false,
    retentionMs: null,
  };
}

/** What a question finds, by the tags of each series: lists without NaN, which is null. */
async function ask(streams: Stream[], question: Question) {
  const { series } = await read(storage.open(), streams, question);
  return series.map(({ meta, columns }) => ({
    tags: meta.tags,
    ...Object.fromEntries(
      columns.map(([name, column]) => [name, [...column].map((v) => (Number.isNaN(v) ? null : v))]),
    ),
  })) as unknown as ({ tags: Record<string, string>; t: number[] } & Record<QueryFunction, (number | null)[]>)[];
}

const functions = (
  fns: QueryFunction[],
  stepMs: number,
  range: { from: number; to: number },
  by?: string[],
): Question => {
  const first = Math.floor(range.from / stepMs);
  return { is: 'functions', grid: { stepMs, first, count: Math.ceil(range.to / stepMs) - first }, fns, by };
};

describe('functions of random points', () => {
  const anyTime = fc.oneof(
    fc.integer({ min: 0, max: 600 }).map((i) => START + i * 1_000),
    fc.integer({ min: 0, max: 180 }).map((i) => START + i * MINUTE),
    fc.integer({ min: 0, max: 40 }).map((i) => START + 90 * MINUTE + (i - 20) * 500),
  );
  // Small ones, so that counters often fall.
  const anyPoints = fc.array(fc.tuple(anyTime, fc.integer({ min: 0, max: 30 })), { minLength: 1, maxLength: 40 });
  const anyWrites = fc.array(anyPoints, { minLength: 1, maxLength: 4 });
  const anyStream = fc.record({
    kind: fc.constantFrom<StreamKind>('gauge', 'counter'),
    tags: fc.constantFrom({ region: 'eu' }, { region: 'us' }, {}),
    writes: anyWrites,
  });
  const anyQuestion = fc.record({
    stepMs: fc.constantFrom(1_000, 10_000, 90_000, MINUTE, 5 * MINUTE, HOUR),
    from: anyTime,
    intervals: fc.integer({ min: 1, max: 40 }),
    by: fc.constantFrom<(string[] | undefined)[]>(undefined, ['region'], []),
    fns: fc.subarray([...queryFunctions], { minLength: 1 }),
  });

  test('are those of a plain list, wherever chunks and intervals begin', async () => {
    const { compactor } = storage.open({ chunkPoints: 12 });
    await fc.assert(
      fc.asyncProperty(
        fc.array(anyStream, { minLength: 1, maxLength: 3 }),
        anyQuestion,
        fc.array(fc.boolean(), { minLength: 4, maxLength: 4 }),
        async (streams, { stepMs, from, intervals, by, fns }, compacts) => {
          const made: Made[] = [];
          for (const { writes, ...more } of streams) made.push({ stream: await newStream(more), writes });
          for (let round = 0; round < 4; round++) {
            for (const { stream, writes } of made) {
              const points = writes[round];
              if (points) await storage.write(stream.id, columnsOf(points));
            }
            if (compacts[round]) await compactAll(compactor);
          }
          const question = functions(fns, stepMs, { from, to: from + intervals * stepMs }, by);
          const found = await ask(
            made.map(({ stream }) => stream),
            question,
          );
          expect(found).toEqual(expectedOf(made, question));
        },
      ),
      { numRuns: 100 },
    );
  }, 120_000);
});

/** The same by the simplest means: filters over all points. */
function expectedOf(made: Made[], question: Question) {
  if (question.is === 'picture') throw new Error('only functions');
  const { grid, fns, by } = question;
  const groups = new Map<string, Made[]>();
  for (const each of made) {
    const place = by ? by.map((tag) => each.stream.tags[tag] ?? '').join() : String(each.stream.id);
    groups.set(place, [...(groups.get(place) ?? []), each]);
  }
  return [...groups.values()].map((members) => {
    const { tags } = members[0]!.stream;
    const starts = Array.from({ length: grid.count }, (_, i) => (grid.first + i) * grid.stepMs);
    return {
      tags: by && !by.includes('region') ? {} : tags,
      t: starts,
      ...Object.fromEntries(
        fns.map((fn) => [
          fn,
          starts.map((start) => close(fn, naive(fn, members, [start, start + grid.stepMs], question))),
        ]),
      ),
    };
  });
}

function naive(fn: QueryFunction, members: Made[], [from, to]: [number, number], question: Question): number | null {
  const all = members.flatMap(({ stream, writes }) =>
    [...new Map(writes.flat())].map(([time, value]) => ({ time, value, id: stream.id })),
  );
  const inside = all.filter(({ time }) => time >= from && time < to).sort((a, b) => a.time - b.time || a.id - b.id);
  const values = inside.map(({ value }) => value);
  const sorted = values.toSorted((a, b) => a - b);
  const total = values.reduce((sum, value) => sum + value, 0);
  if (fn === 'rate' || fn === 'delta') {
    const each = members.flatMap((member) => naiveRise(fn, member, [from, to], rangeOf(question).from));
    return each.length === 0 ? null : each.reduce((sum, rise) => sum + rise, 0);
  }
  if (values.length === 0) return null;
  const quantile = (share: number) => {
    const rank = share * (sorted.length - 1);
    const below = sorted[Math.floor(rank)]!;
    return below + (sorted[Math.ceil(rank)]! - below) * (rank % 1);
  };
  // Of equal times: the first of the lowest id, the last of the highest, as `sort` has them.
  return {
    min: sorted[0]!,
    max: sorted.at(-1)!,
    sum: total,
    count: values.length,
    avg: total / values.length,
    first: values[0]!,
    last: values.at(-1)!,
    p50: quantile(0.5),
    p95: quantile(0.95),
    p99: quantile(0.99),
  }[fn];
}

function naiveRise(
  fn: QueryFunction,
  { stream, writes }: Made,
  [from, to]: [number, number],
  earliest: number,
): number[] {
  const points = [...new Map(writes.flat())].filter(([time]) => time >= earliest).sort(([a], [b]) => a - b);
  let [rise, took, steps] = [0, 0, 0];
  for (const [i, [time, value]] of points.entries()) {
    const before = points[i - 1];
    if (!before || time < from || time >= to) continue;
    rise += stream.kind === 'counter' && value < before[1] ? value : value - before[1];
    took += (time - before[0]) / 1_000;
    steps++;
  }
  return steps === 0 ? [] : [fn === 'delta' ? rise : rise / took];
}

/** What is divided, or taken from between two values, may differ in its last digits. */
function close(fn: QueryFunction, value: number | null): unknown {
  const isExact = value === null || !['rate', 'p50', 'p95', 'p99'].includes(fn);
  return isExact ? value : (expect.closeTo(value, 9) as unknown);
}

test('what a counter rose is all there, over chunks, intervals, resets and gaps', async () => {
  const { compactor } = storage.open({ chunkPoints: 100 });
  const stream = await newStream({ kind: 'counter' });
  const times = Array.from({ length: 5_000 }, (_, i) => START + i * 7_000).filter((_, i) => i % 1_000 < 900);
  const points: Points = times.map((time, i) => [time, (i * 3) % 700]);
  let rose = 0;
  for (let i = 1; i < points.length; i++) {
    const step = points[i]![1] - points[i - 1]![1];
    rose += step < 0 ? points[i]![1] : step;
  }
  await storage.write(stream.id, columnsOf(points));
  await compactAll(compactor);
  for (const stepMs of [10_000, MINUTE, HOUR, DAY]) {
    const [found] = await ask([stream], functions(['delta', 'rate'], stepMs, { from: START, to: times.at(-1)! + 1 }));
    expect(found!.delta.reduce((sum: number, each) => sum + (each ?? 0), 0)).toBe(rose);
    expect(found!.rate.every((each) => each === null || each >= 0)).toBe(true);
  }
});

test('many points are worked on piece by piece, and say the same', async () => {
  const stream = await newStream({ kind: 'counter' });
  const from = START + 90 * MINUTE;
  const hours = 42;
  for (const half of [0, 1]) {
    const points = Array.from({ length: hours * 1_800 }, (_, i) => half * hours * 1_800 + i);
    await storage.write(stream.id, columnsOf(points.map((i) => [from + i * 1_000, i])));
  }
  const fns: QueryFunction[] = ['count', 'sum', 'delta', 'rate', 'p50', 'first', 'last'];
  const range = { from, to: from + hours * HOUR };
  const [found] = await ask([stream], functions(fns, HOUR, range, []));
  for (let hour = 0; hour < hours; hour++) {
    const [first, last] = [hour * 3_600, hour * 3_600 + 3_599];
    const row = Object.fromEntries(fns.map((fn) => [fn, found![fn][hour]]));
    const sum = ((first + last) * 3_600) / 2;
    const delta = hour === 0 ? 3_599 : 3_600;
    expect(row).toEqual({ count: 3_600, sum, delta, rate: 1, p50: (first + last) / 2, first, last });
  }
});

test('the rise since the point before the first interval counts, unless it is too long ago', async () => {
  const stream = await newStream({ kind: 'counter' });
  await storage.write(
    stream.id,
    columnsOf([
      [START - 30_000, 10],
      [START + 30_000, 70],
    ]),
  );
  const question = functions(['delta', 'rate'], MINUTE, { from: START, to: START + MINUTE });
  expect(await ask([stream], question)).toMatchObject([{ delta: [60], rate: [1] }]);
  const late = functions(['delta', 'rate'], 1_000, { from: START + 30_000, to: START + 31_000 });
  expect(await ask([stream], late)).toMatchObject([{ delta: [60], rate: [1] }]);
  const old = await newStream({ kind: 'counter' });
  await storage.write(
    old.id,
    columnsOf([
      [START - 6 * MINUTE, 10],
      [START + 30_000, 70],
    ]),
  );
  expect(await ask([old], question)).toMatchObject([{ delta: [null], rate: [null] }]);
});

test('a gauge may fall: delta and rate say so', async () => {
  const stream = await newStream();
  await storage.write(
    stream.id,
    columnsOf([
      [START, 10],
      [START + 30_000, 4],
      [START + 90_000, 7],
    ]),
  );
  const question = functions(['delta', 'rate'], MINUTE, { from: START, to: START + 3 * MINUTE });
  expect(await ask([stream], question)).toMatchObject([{ delta: [-6, 3, null], rate: [-0.2, 0.05, null] }]);
});

test('groups: the average counts points, rates add up, percentiles are of all points, names do not mix', async () => {
  const eu = await newStream({ tags: { region: 'eu', host: 'a' }, kind: 'counter', unit: 'bytes' });
  const eu2 = await newStream({ tags: { region: 'eu', host: 'b' }, kind: 'counter', unit: 'bytes' });
  const other = await newStream({ stream: 'disk', tags: { region: 'eu' }, unit: 'percent' });
  const everySecond = (n: number, value: (i: number) => number): Columns =>
    columnsOf(Array.from({ length: n }, (_, i) => [START + i * 1_000, value(i)]));
  await storage.write(
    eu.id,
    everySecond(60, (i) => i * 2),
  );
  await storage.write(
    eu2.id,
    everySecond(10, (i) => i * 5),
  );
  await storage.write(
    other.id,
    everySecond(1, () => 99),
  );
  const question = functions(['avg', 'rate', 'p50', 'count'], MINUTE, { from: START, to: START + MINUTE }, ['region']);
  const { series } = await read(storage.open(), [eu, eu2, other], question);
  expect(series.map(({ meta }) => meta)).toEqual([
    { stream: 'load', tags: { region: 'eu' }, unit: 'bytes', kind: 'counter' },
    { stream: 'disk', tags: { region: 'eu' }, unit: 'percent', kind: 'gauge' },
  ]);
  expect(await ask([eu, eu2, other], question)).toMatchObject([
    { avg: [(59 * 60 + 5 * 45) / 70], rate: [7], p50: [49], count: [70] },
    { avg: [99], rate: [null], p50: [99], count: [1] },
  ]);
});

test('all streams share one grid, and a gap is a gap', async () => {
  const [a, b] = [await newStream(), await newStream()];
  await storage.write(
    a.id,
    columnsOf([
      [START, 1],
      [START + 3 * MINUTE, 4],
    ]),
  );
  await storage.write(b.id, columnsOf([[START + MINUTE, 0]]));
  const found = await ask([a, b], functions(['avg', 'sum', 'count'], MINUTE, { from: START, to: START + 4 * MINUTE }));
  expect(found[0]!.t).toEqual([0, 1, 2, 3].map((i) => START + i * MINUTE));
  expect(found[1]!.t).toEqual(found[0]!.t);
  expect(found).toMatchObject([
    { avg: [1, null, null, 4], sum: [1, null, null, 4], count: [1, null, null, 1] },
    { avg: [null, 0, null, null], sum: [null, 0, null, null], count: [null, 1, null, null] },
  ]);
});
