import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { publishCommit, type Bus } from './bus.ts';
import type { Message } from './topics.ts';

const KEY = { id: '8a1a2b4c-0f3e-4c55-9d5e-3a4f8c1b2d3e' };

/** What every bus must do; each implementation runs this suite. Its buses hear each other. */
export function busContract(name: string, createBus: () => Promise<Bus>): void {
  describe(`a ${name} bus`, () => {
    let bus: Bus;
    beforeEach(async () => void (bus = await createBus()));
    afterEach(() => bus.close());

    /** What a subscriber hears, as it comes. */
    async function hear(): Promise<{ heard: number[]; stop: () => Promise<void> }> {
      const heard: number[] = [];
      const stop = await bus.subscribe('streams', ({ ids }) => void heard.push(...ids));
      return { heard, stop };
    }

    const send = (id: number) => bus.publish('streams', { ids: [id] });
    const numbers = Array.from({ length: 500 }, (_, i) => i);

    test('is up', async () => {
      await hear();
      expect(bus.isUp()).toBe(true);
    });

    test('brings every message to every subscriber, in the order in which they were sent', async () => {
      const [a, b] = [await hear(), await hear()];
      for (const number of numbers) await send(number);
      await expect.poll(() => [a.heard, b.heard]).toEqual([numbers, numbers]);
    });

    test('keeps the order also for a subscriber that takes its time', async () => {
      const heard: number[] = [];
      await bus.subscribe('streams', async ({ ids: [id] }) => {
        await sleep(id === 0 ? 20 : 0);
        heard.push(id!);
      });
      for (const id of [0, 1, 2]) await send(id);
      await expect.poll(() => heard).toEqual([0, 1, 2]);
    });

    test('keeps topics apart', async () => {
      const keys = vi.fn();
      await bus.subscribe('keys', keys);
      const { heard } = await hear();
      await bus.publish('keys', KEY);
      await send(1);
      await expect.poll(() => heard).toEqual([1]);
      expect(keys.mock.calls).toEqual([[KEY]]);
    });

    test('brings bytes as the bytes they were, and numbers as the numbers', async () => {
      const payload = Uint8Array.from({ length: 70_000 }, (_, i) => i % 256);
      const epoch = 2 ** 46 + 1;
      const sent: Message<'points'>[] = [
        { epoch, partition: 7, offset: 2 ** 52 + 1, payload },
        { epoch, partition: 0, offset: 1, payload: payload.subarray(100, 103) },
        { epoch, partition: 1, offset: 2 ** 31, payload: new Uint8Array(0) },
      ];
      const heard: Message<'points'>[] = [];
      await bus.subscribe('points', (each) => void heard.push(each));
      for (const message of sent) await bus.publish('points', message);
      await expect.poll(() => heard).toEqual(sent);
      // A Buffer would compare as equal, but its slice() is not a copy.
      expect(heard.map(({ payload }) => payload.constructor)).toEqual([Uint8Array, Uint8Array, Uint8Array]);
    });

    test('brings the points of a partition to those who listen to it, and to nobody else', async () => {
      const listen = async (part?: { partition: number }) => {
        const heard: number[] = [];
        return { heard, stop: await bus.subscribe('points', ({ offset }) => void heard.push(offset), part) };
      };
      const [all, three, five] = [await listen(), await listen({ partition: 3 }), await listen({ partition: 5 })];
      const say = (partition: number, offset: number) =>
        bus.publish('points', { epoch: 1, partition, offset, payload: Uint8Array.of(1) });
      for (const [partition, offset] of [
        [3, 1],
        [5, 2],
        [0, 3],
        [3, 4],
      ] as const)
        await say(partition, offset);
      await expect.poll(() => [all.heard, three.heard, five.heard]).toEqual([[1, 2, 3, 4], [1, 4], [2]]);
      await Promise.all([all.stop(), three.stop()]);
      const again = await listen({ partition: 3 });
      await say(3, 5);
      await say(5, 6);
      await expect.poll(() => [three.heard, five.heard, again.heard]).toEqual([[1, 4], [2, 6], [5]]);
    });

    test('tells of a commit: first the payloads, and then how far the partitions are', async () => {
      const heard: unknown[] = [];
      await bus.subscribe('points', ({ partition, offset }) => void heard.push([partition, offset]));
      await bus.subscribe('heads', (position) => void heard.push(position));
      const payload = Uint8Array.of(1);
      const entries = [4, 2].map((partition) => ({ partition, offset: partition * 10, payload }));
      await publishCommit(bus, { epoch: 9, entries });
      const offsets = [
        [4, 40],
        [2, 20],
      ];
      await expect.poll(() => heard).toEqual([...offsets, { epoch: 9, offsets }]);
    });

    test('does not let one who fails trouble the sender or the others', async () => {
      await bus.subscribe('streams', () => Promise.reject(new Error('boom')));
      await bus.subscribe('streams', () => {
        throw new Error('bang');
      });
      const { heard } = await hear();
      await send(1);
      await send(2);
      await expect.poll(() => heard).toEqual([1, 2]);
    });

    test('goes on with one who failed', async () => {
      const heard: number[] = [];
      await bus.subscribe('streams', ({ ids }) => {
        heard.push(...ids);
        throw new Error('boom');
      });
      await send(1);
      await send(2);
      await expect.poll(() => heard).toEqual([1, 2]);
    });

    test('does not let the sender wait for those who hear it', async () => {
      const heard = vi.fn(() => new Promise<void>(() => {}));
      await bus.subscribe('streams', heard);
      const sent = send(1);
      expect(heard).not.toHaveBeenCalled();
      await sent;
      await expect.poll(() => heard.mock.calls.length).toBe(1);
      await send(2);
    });

    test('lets go of what a subscriber is too slow for, and keeps the newest', async () => {
      const heard: number[] = [];
      let release = () => {};
      const gate = new Promise<void>((done) => (release = done));
      await bus.subscribe('streams', async ({ ids }) => {
        heard.push(...ids);
        await gate;
      });
      const { heard: others } = await hear();
      for (let id = 0; id < 3_000; id++) await send(id);
      await expect.poll(() => others.at(-1)).toBe(2_999);
      release();
      await expect.poll(() => heard.at(-1)).toBe(2_999);
      expect(heard.length).toBeLessThanOrEqual(1_001);
    });

    test('brings nothing any more once a subscription has ended', async () => {
      const [a, b] = [await hear(), await hear()];
      await a.stop();
      await send(1);
      await expect.poll(() => b.heard).toEqual([1]);
      expect(a.heard).toEqual([]);
    });

    test('brings nothing that was waiting when a subscription ended', async () => {
      const heard: number[] = [];
      const stop = await bus.subscribe('streams', async ({ ids }) => {
        heard.push(...ids);
        await stop();
      });
      const { heard: others } = await hear();
      await Promise.all([1, 2, 3].map(send));
      await expect.poll(() => others).toEqual([1, 2, 3]);
      await sleep(20);
      expect(heard).toEqual([1]);
    });

    test('is down once it is closed, and a message to it harms nobody', async () => {
      await hear();
      await bus.close();
      expect(bus.isUp()).toBe(false);
      await send(1);
    });
  });
}
