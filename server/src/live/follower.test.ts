import type { Position } from '@quantumflux/sdk/protocol';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { createMemoryBus } from '../bus/bus.memory.ts';
import { startDatabase } from '../../../tests/postgres.ts';
import { silent } from '../log.ts';
import { createJournalStore } from '../streams/journal.store.ts';
import type { Journal } from '../streams/journal.ts';
import { followJournal, type Entry, type Reader } from './follower.ts';

let started: Awaited<ReturnType<typeof startDatabase>>;
let journal: Journal;
const bus = createMemoryBus(silent);
const stops: (() => unknown)[] = [];

beforeEach(async () => {
  started = await startDatabase();
  journal = createJournalStore(started.database.pool);
});
afterEach(async () => {
  for (const stop of stops.splice(0)) await stop();
  await started.stop();
});

const entry = (partition: number, byte: number) => ({ partition, payload: Uint8Array.of(byte), tMin: 0, tMax: 0 });

/** Follows, and keeps what it hears as `partition:offset=byte`. */
async function follow({
  sweepMs = 60_000,
  onReset = () => undefined,
}: { sweepMs?: number; onReset?: Reader['onReset'] } = {}) {
  const heard: string[] = [];
  const onEntry = ({ partition, offset, payload }: Entry) => void heard.push(`${partition}:${offset}=${payload[0]}`);
  const follower = await followJournal({ journal, bus, log: silent }, { onEntry, onReset }, { sweepMs });
  stops.push(follower.stop);
  return { heard, position: follower.position };
}

const append = async (...entries: ReturnType<typeof entry>[]) => journal.append(entries);

test('hints bring entries at once, in order, and only from now on', async () => {
  await append(entry(0, 1));
  const { heard } = await follow();
  await bus.publish('points', await append(entry(0, 2), entry(3, 3)));
  await bus.publish('points', await append(entry(0, 4)));
  await vi.waitFor(() => expect(heard).toEqual(['0:2=2', '3:1=3', '0:3=4']));
});

test('a lost hint is read from the journal when the next one shows the gap', async () => {
  const { heard } = await follow();
  await append(entry(0, 1));
  await append(entry(0, 2));
  await bus.publish('points', await append(entry(0, 3)));
  await vi.waitFor(() => expect(heard).toEqual(['0:1=1', '0:2=2', '0:3=3']));
});

test('the sweep finds what no hint ever told', async () => {
  const { heard } = await follow({ sweepMs: 20 });
  await append(entry(5, 1));
  await vi.waitFor(() => expect(heard).toEqual(['5:1=1']));
});

test('hints that come twice or late change nothing', async () => {
  const { heard } = await follow();
  const first = await append(entry(0, 1));
  const second = await append(entry(0, 2));
  for (const hint of [second, first, second, first]) await bus.publish('points', hint);
  await vi.waitFor(() => expect(heard).toEqual(['0:1=1', '0:2=2']));
});

test('hints lost, doubled and swapped under load: every entry once, in order', async () => {
  const { heard } = await follow({ sweepMs: 30 });
  const hints: Awaited<ReturnType<typeof append>>[] = [];
  for (let i = 0; i < 200; i++) {
    hints.push(await append(entry(i % 3, i % 256)));
    if (i % 4 === 0) continue;
    await bus.publish('points', hints[i % 5 === 0 ? Math.max(0, i - 2) : i]!);
    if (i % 7 === 0) await bus.publish('points', hints[i]!);
  }
  await vi.waitFor(() => expect(heard).toHaveLength(200), { timeout: 5_000 });
  for (const partition of [0, 1, 2]) {
    const offsets = heard
      .filter((each) => each.startsWith(`${partition}:`))
      .map((each) => Number(/:(\d+)=/.exec(each)![1]));
    expect(offsets).toEqual(offsets.map((_, i) => i + 1));
  }
});

test('another journal under the same address is told', async () => {
  await append(entry(0, 1));
  const resets: Position[] = [];
  await follow({ sweepMs: 20, onReset: (position) => void resets.push(position) });
  await started.database.pool.query('UPDATE journal_identity SET seed = seed + 1');
  await vi.waitFor(() => expect(resets).toHaveLength(1));
  expect(resets[0]!.offsets).toContainEqual([0, 1]);
});

test('an older state of the journal is told', async () => {
  await append(entry(0, 1));
  await append(entry(0, 2));
  const resets: Position[] = [];
  await follow({ sweepMs: 20, onReset: (position) => void resets.push(position) });
  await started.database.pool.query('UPDATE partition_head SET "offset" = 1 WHERE partition = 0');
  await vi.waitFor(() => expect(resets).toHaveLength(1));
});

test('whoever is so late that the journal no longer has what is missing, is told', async () => {
  const resets: Position[] = [];
  const { heard } = await follow({ sweepMs: 200, onReset: (position) => void resets.push(position) });
  for (let i = 0; i < 3; i++) await append(entry(0, i));
  await started.database.pool.query('DELETE FROM journal WHERE partition = 0 AND "offset" < 3');
  await vi.waitFor(() => expect(resets).toHaveLength(1));
  expect(heard).toEqual([]);
  await bus.publish('points', await append(entry(0, 9)));
  await vi.waitFor(() => expect(heard).toEqual(['0:4=9']));
});

test('the same when the journal has nothing left at all', async () => {
  const resets: Position[] = [];
  await follow({ sweepMs: 200, onReset: (position) => void resets.push(position) });
  for (let i = 0; i < 3; i++) await append(entry(0, i));
  await started.database.pool.query('DELETE FROM journal');
  await vi.waitFor(() => expect(resets).toHaveLength(1));
});
