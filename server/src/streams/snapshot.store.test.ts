import { ByteWriter, writeBlock } from '@quantumflux/sdk/protocol';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startDatabase } from '../../../tests/postgres.ts';
import { createJournalStore } from './journal.store.ts';
import { createSnapshots } from './snapshot.store.ts';
import type { ReadSnapshot } from './snapshot.ts';

let started: Awaited<ReturnType<typeof startDatabase>>;
let snapshot: ReadSnapshot;
beforeAll(async () => {
  started = await startDatabase();
  snapshot = createSnapshots(started.database.pool);
});
afterAll(() => started.stop());

/** An entry that says of the stream of the same number as its partition that nothing has changed. */
function entry(partition: number, tMin: number, tMax = tMin) {
  const out = new ByteWriter();
  writeBlock(out, partition, { times: Float64Array.of(tMin), values: Float64Array.of(1) });
  return { partition, payload: out.toBytes(), tMin, tMax };
}

test('a snapshot has the entries that touch the range, up to its position, whatever is written meanwhile', async () => {
  const journal = createJournalStore(started.database.pool);
  await journal.append([entry(1, 100, 200), entry(2, 100)]);
  await journal.append([entry(1, 300, 400)]);
  await journal.append([entry(1, 150, 350)]);
  await snapshot(async (stored) => {
    await journal.append([entry(1, 250)]);
    const found: number[] = [];
    await stored.journal([1], { from: 201, to: 299 }, ({ offset }) => found.push(offset));
    expect(found).toEqual([3]);
    expect(stored.position.offsets).toContainEqual([1, 3]);
    expect(stored.position.offsets).toContainEqual([2, 1]);
  });
});

test('work that fails half way gives its connection back', async () => {
  for (let i = 0; i < 20; i++) {
    await expect(snapshot(() => Promise.reject(new Error('too much')))).rejects.toThrow('too much');
  }
  await expect(snapshot((stored) => Promise.resolve(stored.position.offsets.length))).resolves.toBe(8);
});
