import type { Columns } from '@quantumflux/sdk/protocol';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startDatabase } from '../../../tests/postgres.ts';
import { createMemoryBus } from '../bus/bus.memory.ts';
import { createIdempotencyStore } from '../ingest/idempotency.store.ts';
import { createIngestService } from '../ingest/ingest.service.ts';
import { silent } from '../log.ts';
import { createHistory } from './history.ts';
import { createReader } from './reader.ts';
import { createSnapshots } from './snapshot.store.ts';
import { createJournalStore } from './journal.store.ts';
import { partitionOf } from './stream.ts';

let started: Awaited<ReturnType<typeof startDatabase>>;
beforeAll(async () => void (started = await startDatabase()));
afterAll(() => started.stop());

const historyOf = () =>
  createHistory({ snapshot: createSnapshots(started.database.pool), read: createReader({ log: silent }) });
const pointsOf = ({ times, values }: Columns) => [...times].map((time, i) => [time, values[i]] as [number, number]);

test('what was written comes back: in order, the newest of a time, only what is in the range', async () => {
  const journal = createJournalStore(started.database.pool);
  const { history } = historyOf();
  let nextStream = 1;
  const anyWrite = fc.array(
    fc.tuple(fc.integer({ min: 0, max: 40 }), fc.double({ noNaN: true, noDefaultInfinity: true })),
    { minLength: 1, maxLength: 10 },
  );
  const anyRange = fc.tuple(fc.integer({ min: 0, max: 40 }), fc.integer({ min: 0, max: 40 }));

  await fc.assert(
    fc.asyncProperty(fc.array(anyWrite, { minLength: 1, maxLength: 6 }), anyRange, async (writes, range) => {
      const id = nextStream++;
      const ingest = createIngestService({
        ensureStreams: (_, wanted) => Promise.resolve(wanted.map(({ key }) => ({ id, key }))),
        partitionOf,
        appendToJournal: journal.append,
        idempotency: createIdempotencyStore(started.database.pool),
        bus: createMemoryBus(silent),
        log: silent,
      });
      for (const points of writes) {
        const columns = {
          times: Float64Array.from(points, ([t]) => t),
          values: Float64Array.from(points, ([, v]) => v),
        };
        await ingest.append('any', {
          points: points.length,
          streams: [{ stream: 's', tags: {}, key: 's', unit: null, kind: 'gauge', public: false, columns }],
        });
      }
      const [from, to] = range.sort((a, b) => a - b);
      const newest = new Map(writes.flat().map(([time, value]) => [time, value]));
      const expected = [...newest].filter(([time]) => time >= from && time <= to).sort(([a], [b]) => a - b);
      expect(pointsOf((await history([id], from, to)).columns.get(id)!)).toEqual(expected);
    }),
    { numRuns: 60 },
  );
});

test('writes that come at the same time share a commit', async () => {
  const journal = createJournalStore(started.database.pool);
  const commits: number[] = [];
  const ingest = createIngestService({
    ensureStreams: (_, wanted) => Promise.resolve(wanted.map(({ key }) => ({ id: 900, key }))),
    partitionOf,
    appendToJournal: journal.append,
    idempotency: createIdempotencyStore(started.database.pool),
    bus: createMemoryBus(silent),
    log: silent,
    onCommit: ({ points }) => void commits.push(points),
  });
  const write = (time: number) =>
    ingest.append('any', {
      points: 1,
      streams: [
        {
          stream: 's',
          tags: {},
          key: 's',
          unit: null,
          kind: 'gauge',
          public: false,
          columns: { times: Float64Array.of(time), values: Float64Array.of(time) },
        },
      ],
    });
  await Promise.all(Array.from({ length: 500 }, (_, i) => write(i)));
  expect(commits.reduce((sum, points) => sum + points, 0)).toBe(500);
  expect(commits.length).toBeLessThan(10);
  const { columns } = await historyOf().history([900], 0, 1_000);
  expect(columns.get(900)!.times).toHaveLength(500);
});

test('a journal that cannot commit a write refuses it, and takes the next ones', async () => {
  const journal = createJournalStore(started.database.pool);
  const ingest = createIngestService({
    ensureStreams: (_, wanted) => Promise.resolve(wanted.map(({ key }) => ({ id: Number(key), key }))),
    // There is no partition 9: the database itself refuses the group.
    partitionOf: (id) => (id === 666 ? 9 : partitionOf(id)),
    appendToJournal: journal.append,
    idempotency: createIdempotencyStore(started.database.pool),
    bus: createMemoryBus(silent),
    log: silent,
  });
  const write = (key: string) =>
    ingest.append('any', {
      points: 1,
      streams: [
        {
          stream: 's',
          tags: {},
          key,
          unit: null,
          kind: 'gauge',
          public: false,
          columns: { times: Float64Array.of(1), values: Float64Array.of(1) },
        },
      ],
    });
  await expect(write('666')).rejects.toThrow('there is no partition 9');
  await expect(write('901')).resolves.toEqual({ isReplay: false });
});
