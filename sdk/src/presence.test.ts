import { createMemoryServer, type MemoryServer } from '@quantumflux/sdk/testing';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { PresenceUpdate } from './index.ts';

let server: MemoryServer;
beforeEach(() => void (server = createMemoryServer()));
afterEach(() => server.close());

const namesOf = (update: PresenceUpdate | undefined) => update?.present.map(({ name }) => name);

/** Is in a room; what it was told last. */
function join(client: ReturnType<MemoryServer['connect']>, name: string | undefined, room = 'board') {
  let last: PresenceUpdate | undefined;
  const stop = client.presence(room, name === undefined ? {} : { name }, (update) => (last = update));
  return { stop, last: () => last };
}

test('[P1] whoever is in a room is told who is, and who of them it is', async () => {
  const ann = join(server.connect(), 'Ann');
  await vi.waitFor(() => expect(namesOf(ann.last())).toEqual(['Ann']));
  const bob = join(server.connect(), 'Bob');
  await vi.waitFor(() => expect(namesOf(ann.last())).toEqual(['Ann', 'Bob']));
  await vi.waitFor(() => expect(namesOf(bob.last())).toEqual(['Ann', 'Bob']));
  for (const [who, name] of [
    [ann, 'Ann'],
    [bob, 'Bob'],
  ] as const) {
    const { me, present, more } = who.last()!;
    expect([present.find(({ id }) => id === me)?.name, more]).toEqual([name, 0]);
  }
  bob.stop();
  bob.stop();
  await vi.waitFor(() => expect(namesOf(ann.last())).toEqual(['Ann']));
});

test('a client is in a room once, until the last who asked stops, and keeps its name', async () => {
  const client = server.connect();
  const witness = join(server.connect(), 'Witness');
  const [one, two] = [join(client, 'Ann'), join(client, undefined)];
  await vi.waitFor(() => expect(namesOf(witness.last())?.toSorted()).toEqual(['Ann', 'Witness']));
  await vi.waitFor(() => expect(two.last()?.present).toHaveLength(2));
  expect(two.last()?.me).toBe(one.last()?.me);
  one.stop();
  const third = join(server.connect(), 'Third');
  await vi.waitFor(() => expect(namesOf(two.last())?.toSorted()).toEqual(['Ann', 'Third', 'Witness']));
  expect(one.last()?.present.length).toBeLessThan(3);
  two.stop();
  await vi.waitFor(() => expect(namesOf(third.last())?.toSorted()).toEqual(['Third', 'Witness']));
});

test('after a lost connection it is in its rooms again, without being asked', async () => {
  const ann = join(server.connect(), 'Ann');
  await vi.waitFor(() => expect(namesOf(ann.last())).toEqual(['Ann']));
  const before = ann.last();
  const comeBack = server.goAway();
  comeBack();
  await vi.waitFor(() => expect(ann.last()).not.toBe(before), 10_000);
  expect(namesOf(ann.last())).toEqual(['Ann']);
});

test('a client that is closed leaves', async () => {
  const [client, witness] = [server.connect(), join(server.connect(), 'Witness')];
  join(client, 'Ann');
  await vi.waitFor(() => expect(witness.last()?.present).toHaveLength(2));
  client.close();
  await vi.waitFor(() => expect(namesOf(witness.last())).toEqual(['Witness']));
});

test('[L1] a room that cannot be joined is told with the reason', async () => {
  const client = server.connect();
  for (let i = 0; i < 20; i++) join(client, undefined, `room ${i}`);
  const onError = vi.fn();
  client.presence('one more', { onError }, () => undefined);
  await vi.waitFor(() => expect(onError).toHaveBeenCalledWith(expect.objectContaining({ code: 'too_large' })));
});
