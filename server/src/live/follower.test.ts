import type { Position } from '@quantumflux/sdk/protocol';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { publishCommit } from '../bus/bus.ts';
import { createMemoryBus } from '../bus/bus.memory.ts';
import { startDatabase } from '../../../tests/postgres.ts';
import { silent } from '../log.ts';
import { createJournalStore } from '../streams/journal.store.ts';
import type { Journal } from '../streams/journal.ts';
import { followJournal, type Entry, type FollowerOptions, type Reader } from './follower.ts';

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
  meetStreams,
  start,
  ...options
}: FollowerOptions & { onReset?: Reader['onReset']; meetStreams?: () => Promise<void>; start?: Position } = {}) {
  const heard: string[] = [];
  const onEntry = ({ partition, offset, payload }: Entry) => void heard.push(`${partition}:${offset}=${payload[0]}`);
  const from = start ?? (await journal.heads());
  const ports = { start: from, journal, bus, log: silent, ...(meetStreams && { meetStreams }) };
  const follower = await followJournal(ports, { onEntry, onReset }, { sweepMs, ...options });
  stops.push(follower.stop);
  return { heard, ...follower };
}

const append = async (...entries: ReturnType<typeof entry>[]) => journal.append(entries);

test('hints bring entries at once, in order, and only from now on', async () => {
  await append(entry(0, 1));
  const { heard } = await follow();
  await publishCommit(bus, await append(entry(0, 2), entry(3, 3)));
  await publishCommit(bus, await append(entry(0, 4)));
  await vi.waitFor(() => expect(heard).toEqual(['0:2=2', '3:1=3', '0:3=4']));
});

test('what was written since the position to begin at is handed on, though no hint ever told of it', async () => {
  await append(entry(0, 1));
  const start = await journal.heads();
  await append(entry(0, 2), entry(3, 3));
  const { heard } = await follow({ start });
  await vi.waitFor(() => expect(heard.toSorted()).toEqual(['0:2=2', '3:1=3']));
});

test('so it is of a partition that is watched only later', async () => {
  const start = await journal.heads();
  await append(entry(0, 1));
  const { heard, watch } = await follow({ start, follow: 'watched' });
  watch(0);
  await vi.waitFor(() => expect(heard).toEqual(['0:1=1']));
});

test('a lost hint is read from the journal when the next one shows the gap', async () => {
  const { heard } = await follow();
  await append(entry(0, 1));
  await append(entry(0, 2));
  await publishCommit(bus, await append(entry(0, 3)));
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
  for (const hint of [second, first, second, first]) await publishCommit(bus, hint);
  await vi.waitFor(() => expect(heard).toEqual(['0:1=1', '0:2=2']));
});

test('hints lost, doubled and swapped under load: every entry once, in order', async () => {
  const { heard } = await follow({ sweepMs: 30 });
  const hints: Awaited<ReturnType<typeof append>>[] = [];
  for (let i = 0; i < 200; i++) {
    hints.push(await append(entry(i % 3, i % 256)));
    if (i % 4 === 0) continue;
    await publishCommit(bus, hints[i % 5 === 0 ? Math.max(0, i - 2) : i]!);
    if (i % 7 === 0) await publishCommit(bus, hints[i]!);
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
  await publishCommit(bus, await append(entry(0, 9)));
  await vi.waitFor(() => expect(heard).toEqual(['0:4=9']));
});

test('the same when the journal has nothing left at all', async () => {
  const resets: Position[] = [];
  await follow({ sweepMs: 200, onReset: (position) => void resets.push(position) });
  for (let i = 0; i < 3; i++) await append(entry(0, i));
  await started.database.pool.query('DELETE FROM journal');
  await vi.waitFor(() => expect(resets).toHaveLength(1));
});

test('entries whose hints overtook each other are put in order without a read', async () => {
  const after = vi.spyOn(journal, 'after');
  const { heard } = await follow();
  const [one, two, three] = [await append(entry(0, 1)), await append(entry(0, 2)), await append(entry(0, 3))];
  for (const hint of [three, one, two]) await publishCommit(bus, hint);
  await vi.waitFor(() => expect(heard).toEqual(['0:1=1', '0:2=2', '0:3=3']));
  expect(after).not.toHaveBeenCalled();
});

test('a payload that was lost is read as soon as it is said how far its partition is', async () => {
  const { heard } = await follow();
  const { epoch, entries } = await append(entry(0, 1));
  await bus.publish('heads', { epoch, offsets: [[0, entries[0]!.offset]] });
  await vi.waitFor(() => expect(heard).toEqual(['0:1=1']));
});

describe('of partitions that nobody watches', () => {
  const watched = { follow: 'watched', sweepMs: 20, lingerMs: 0 } as const;

  test('only the head is followed: nothing is fetched, and nothing is heard', async () => {
    const after = vi.spyOn(journal, 'after');
    const subscribe = vi.spyOn(bus, 'subscribe');
    const { heard, position } = await follow(watched);
    await publishCommit(bus, await append(entry(0, 1), entry(3, 2)));
    await vi.waitFor(() => expect(position().offsets.filter(([, offset]) => offset === 1)).toHaveLength(2));
    expect(heard).toEqual([]);
    expect(after).not.toHaveBeenCalled();
    expect(subscribe.mock.calls.map(([topic]) => topic)).toEqual(['heads']);
    subscribe.mockRestore();
  });

  /** Up to where this partition was told of. */
  const told = ({ position }: { position: () => Position }, partition: number) =>
    position().offsets.find(([each]) => each === partition)![1];

  test('all that comes after the head that was told last is handed on once somebody watches, hint or not', async () => {
    const follower = await follow(watched);
    const { heard, watch, isFollowing } = follower;
    await append(entry(0, 1));
    await vi.waitFor(() => expect(told(follower, 0)).toBe(1));
    const stops = [0, 3].map(watch);
    expect([isFollowing(0), isFollowing(3), isFollowing(1)]).toEqual([true, true, false]);
    await append(entry(0, 2), entry(1, 9));
    await publishCommit(bus, await append(entry(3, 3)));
    await vi.waitFor(() => expect(heard.toSorted()).toEqual(['0:2=2', '3:1=3']));

    for (const stop of stops) stop();
    await vi.waitFor(() => expect(isFollowing(0)).toBe(false));
    await append(entry(0, 4));
    await vi.waitFor(() => expect(told(follower, 0)).toBe(3));
    watch(0);
    await append(entry(0, 5));
    await vi.waitFor(() => expect(heard).toContain('0:4=5'));
    expect(heard).toHaveLength(3);
  });

  test('entries that are committed and told of while somebody begins to watch are handed on once', async () => {
    const { heard, watch } = await follow({ ...watched, sweepMs: 60_000 });
    let isOver = false;
    const writing = (async () => {
      for (let i = 0; !isOver; i++) await publishCommit(bus, await append(entry(0, i % 256)));
    })();
    await vi.waitFor(async () => expect((await journal.heads()).offsets[0]![1]).toBeGreaterThan(5));
    watch(0);
    await vi.waitFor(() => expect(heard.length).toBeGreaterThan(20));
    isOver = true;
    await writing;
    const last = (await journal.heads()).offsets[0]![1];
    await vi.waitFor(() => expect(heard.at(-1)).toMatch(new RegExp(`^0:${last}=`)));
    const offsets = heard.map((each) => Number(/:(\d+)=/.exec(each)![1]));
    expect(offsets).toEqual(offsets.map((_, i) => i + 1));
  });

  test('what is watched while a head is being told is handed on from before it', async () => {
    const asked: (() => void)[] = [];
    const meetStreams = () => new Promise<void>((resolve) => asked.push(resolve));
    const { heard, watch } = await follow({ ...watched, meetStreams });
    await append(entry(0, 1));
    await vi.waitFor(() => expect(asked).toHaveLength(1));
    // Somebody learns of a stream that is new there.
    watch(0);
    asked[0]!();
    await vi.waitFor(() => expect(heard).toEqual(['0:1=1']));
  });

  test('nobody asks for streams as long as nothing is written there', async () => {
    const meetStreams = vi.fn(() => Promise.resolve());
    const heads = vi.spyOn(journal, 'heads');
    const follower = await follow({ ...watched, meetStreams });
    await vi.waitFor(() => expect(heads.mock.calls.length).toBeGreaterThan(5));
    expect(meetStreams).not.toHaveBeenCalled();
    await append(entry(0, 1));
    await vi.waitFor(() => expect(told(follower, 0)).toBe(1));
    expect(meetStreams).toHaveBeenCalled();
  });

  test('the head is not told before all streams are known that had points by then', async () => {
    const asked: (() => void)[] = [];
    const meetStreams = () => new Promise<void>((resolve) => asked.push(resolve));
    const { position } = await follow({ ...watched, meetStreams });
    await append(entry(0, 1));
    await vi.waitFor(() => expect(asked).toHaveLength(1));
    await append(entry(0, 2));
    asked[0]!();
    await vi.waitFor(() => expect(asked).toHaveLength(2));
    expect(position().offsets[0]).toEqual([0, 1]);
    asked[1]!();
    await vi.waitFor(() => expect(position().offsets[0]).toEqual([0, 2]));
  });
});
