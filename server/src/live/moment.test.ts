import { parseSelector, PARTITIONS } from '@quantumflux/sdk/protocol';
import { expect, test } from 'vitest';
import { createMemoryBus } from '../bus/bus.memory.ts';
import { silent } from '../log.ts';
import { createRecentEntries } from '../streams/recent-entries.ts';
import { createBroadcast } from './broadcast.ts';
import { createChannels } from './channels.ts';
import { followJournal } from './follower.ts';

const start = { epoch: 1, offsets: Array.from({ length: PARTITIONS }, (_, i): [number, number] => [i, 0]) };
const partitionOf = (stream: number) => stream % PARTITIONS;

/** Broadcasting of the partitions that somebody watches, of a journal in which nothing is. */
async function createStage() {
  const follower = await followJournal(
    {
      start,
      journal: { heads: () => Promise.resolve(start), after: () => Promise.resolve([]) },
      bus: createMemoryBus(silent),
      log: silent,
    },
    { onEntry: () => undefined, onReset: () => undefined },
    { follow: 'watched', lingerMs: 0 },
  );
  const following = { partitionOf, markOf: follower.markOf, watch: follower.watch };
  const ports = { streamOf: () => undefined, meet: () => Promise.resolve(), following };
  const broadcast = createBroadcast({ ...ports, recent: createRecentEntries(), onFrames: () => undefined }, start);
  const channels = createChannels(
    { ...ports, onNews: () => undefined, onStreams: () => undefined, onGone: () => undefined },
    start,
  );
  const wish = { selector: parseSelector('*'), viewer: { organization: 'here', publicOnly: false } };
  return { follower, broadcast, channels, join: () => channels.join(wish) };
}

test('who joins a channel for which another one begins to follow, goes on from a position since then', async () => {
  const { follower, broadcast, join } = await createStage();
  const channel = join();
  const [first, second] = [broadcast.moment(), broadcast.moment()];
  // Both looked up the same streams, and the first one was quicker.
  channel.meet([3]);
  expect([first.covers([3]), second.covers([3])]).toEqual([false, false]);
  expect(broadcast.moment().covers([3])).toBe(true);
  expect(broadcast.moment().covers([3, 4])).toBe(false);
  await follower.stop();
});

test('a partition that was left alone meanwhile is not covered, though it is followed again', async () => {
  const { follower, broadcast, channels, join } = await createStage();
  const channel = join();
  channel.meet([3]);
  const moment = broadcast.moment();
  channels.leave(channel);
  await expect.poll(() => follower.markOf(3)).toBe(undefined);
  join().meet([3]);
  expect(follower.markOf(3)).toBeDefined();
  expect(moment.covers([3])).toBe(false);
  await follower.stop();
});
