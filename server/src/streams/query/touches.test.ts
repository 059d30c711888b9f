import { ByteWriter, writeBlock, type Position } from '@quantumflux/sdk/protocol';
import { expect, test, vi } from 'vitest';
import { createMemoryBus } from '../../bus/bus.memory.ts';
import { silent } from '../../log.ts';
import { followTouches } from './touches.ts';

const EPOCH = 7;

/** Points at these times of one stream, as an entry of the journal. */
function payloadOf(stream: number, ...times: number[]): Uint8Array {
  const out = new ByteWriter();
  writeBlock(out, stream, { times: Float64Array.from(times), values: Float64Array.from(times) });
  return out.toBytes();
}

function start(options = {}) {
  const bus = createMemoryBus(silent);
  const touches = followTouches(bus, options);
  const tell = async (offset: number, payload: Uint8Array, { partition = 1, epoch = EPOCH } = {}) => {
    await bus.publish('points', { epoch, partition, offset, payload });
    await new Promise((turn) => setImmediate(turn));
  };
  const at = (offset: number, epoch = EPOCH): Position => ({ epoch, offsets: [[1, offset]] });
  /** Of stream 1, between these times, from one offset to another. */
  const isUntouched = (since: number, until: number, range = { from: 0, to: 100 }, ids = [1]) =>
    touches.isUntouched({ ids, range, since: at(since), until: at(until) });
  return { bus, touches, tell, at, isUntouched };
}

test('a write into the range is noticed, one beside it or to another stream is not', async () => {
  const { touches, tell, isUntouched } = start();
  touches.watch([1]);
  await tell(5, payloadOf(9, 50));
  await tell(6, payloadOf(1, 200, 150));
  expect(await isUntouched(4, 6)).toBe(true);
  await tell(7, payloadOf(1, 300, 100));
  expect(await isUntouched(4, 7)).toBe(false);
  expect(await isUntouched(4, 7, { from: 0, to: 99 })).toBe(true);
  expect(await isUntouched(7, 7)).toBe(true);
});

test('where nothing was written it needs no knowledge at all', async () => {
  const { isUntouched } = start();
  expect(await isUntouched(3, 3)).toBe(true);
});

test('it listens to the partitions of streams that somebody asks for, and for a while only', async () => {
  const { bus, touches, tell, isUntouched } = start({ lingerMs: 50 });
  const subscribe = vi.spyOn(bus, 'subscribe');
  touches.watch([1, 9]);
  expect(subscribe.mock.calls.map(([topic, , part]) => [topic, part])).toEqual([['points', { partition: 1 }]]);
  await tell(5, payloadOf(9, 50));
  expect(await isUntouched(4, 5)).toBe(true);
  // Not listened to any more, so nothing is certain.
  await expect.poll(() => isUntouched(4, 5)).toBe(false);
  touches.watch([1]);
  await tell(7, payloadOf(9, 50));
  expect(await isUntouched(6, 7)).toBe(true);
  expect(await isUntouched(5, 7)).toBe(false);
});

test('what it did not hear, or was not asked to watch, counts as touched', async () => {
  const { touches, tell, isUntouched } = start();
  await tell(5, payloadOf(1, 500));
  expect(await isUntouched(4, 5)).toBe(false);
  touches.watch([1]);
  await tell(6, payloadOf(9, 500));
  expect(await isUntouched(4, 6)).toBe(false);
  expect(await isUntouched(5, 6)).toBe(true);
  expect(await isUntouched(3, 6)).toBe(false);
});

test('messages may come in another order', async () => {
  const { touches, tell, isUntouched } = start();
  touches.watch([1]);
  await tell(1, payloadOf(9, 0));
  await tell(3, payloadOf(1, 500));
  await tell(2, payloadOf(1, 50));
  expect(await isUntouched(1, 3)).toBe(false);
  expect(await isUntouched(2, 3)).toBe(true);
});

test('a lost message is waited for a moment, and then only what comes after it is known', async () => {
  const { touches, tell, isUntouched } = start({ patienceMs: 20 });
  touches.watch([1]);
  await tell(1, payloadOf(9, 0));
  await tell(3, payloadOf(9, 0));
  expect(await isUntouched(1, 3)).toBe(false);
  await tell(4, payloadOf(9, 0));
  expect(await isUntouched(1, 4)).toBe(false);
  expect(await isUntouched(3, 4)).toBe(true);
});

test('a message that is under way is waited for', async () => {
  const { touches, tell, isUntouched } = start({ patienceMs: 5_000 });
  touches.watch([1]);
  await tell(1, payloadOf(9, 0));
  const answer = isUntouched(1, 2);
  await tell(2, payloadOf(9, 0));
  expect(await answer).toBe(true);
});

test('a stream that is watched while messages are out of order is known after the last of them', async () => {
  const { touches, tell, isUntouched } = start();
  await tell(1, payloadOf(9, 0));
  await tell(3, payloadOf(1, 50));
  touches.watch([1]);
  await tell(2, payloadOf(9, 0));
  expect(await isUntouched(1, 3)).toBe(false);
});

test('another journal has nothing to do with what was known', async () => {
  const { touches, tell, at, isUntouched } = start();
  touches.watch([1]);
  await tell(1, payloadOf(9, 0));
  await tell(2, payloadOf(9, 0));
  expect(await isUntouched(1, 2)).toBe(true);
  await tell(2, payloadOf(9, 0), { epoch: EPOCH + 1 });
  expect(await isUntouched(1, 2)).toBe(false);
  const range = { from: 0, to: 100 };
  expect(await touches.isUntouched({ ids: [1], range, since: at(2), until: at(2, EPOCH + 1) })).toBe(false);
});

test('an entry that cannot be read counts as touching everything', async () => {
  const { touches, tell, isUntouched } = start();
  touches.watch([1]);
  await tell(1, payloadOf(9, 0));
  await tell(2, Uint8Array.of(1, 200, 1));
  await tell(3, payloadOf(9, 0));
  expect(await isUntouched(1, 3)).toBe(false);
  expect(await isUntouched(2, 3)).toBe(true);
});

test('many writes are remembered as few, and none of them is lost', async () => {
  const { touches, tell, isUntouched } = start();
  touches.watch([1]);
  await tell(1, payloadOf(9, 0));
  await tell(2, payloadOf(1, 50));
  for (let offset = 3; offset < 100; offset++) await tell(offset, payloadOf(1, 1_000 + offset));
  expect(await isUntouched(1, 99)).toBe(false);
  expect(await isUntouched(98, 99)).toBe(true);
  expect(await isUntouched(1, 99, { from: 0, to: 49 })).toBe(true);
});

test('of too many streams those that nobody asks for are forgotten', async () => {
  const { touches, tell, isUntouched } = start({ maxStreams: 2 });
  touches.watch([1, 9]);
  await tell(1, payloadOf(2, 0));
  touches.watch([1]);
  touches.watch([17]);
  await tell(2, payloadOf(2, 0));
  expect(await isUntouched(1, 2)).toBe(true);
  expect(await isUntouched(1, 2, { from: 0, to: 100 }, [9])).toBe(false);
});

test('while the bus is down nobody waits for it', async () => {
  const { bus, touches, isUntouched } = start({ patienceMs: 60_000 });
  touches.watch([1]);
  const down = vi.spyOn(bus, 'isUp').mockReturnValue(false);
  expect(await isUntouched(1, 2)).toBe(false);
  down.mockRestore();
});
