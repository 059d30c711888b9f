import { beforeEach, expect, test } from 'vitest';
import { knownFirst } from './known-streams.ts';

type Stored = { id: number; organization: string; key: string; unit: string | null; kind: 'gauge' | 'counter' };

let stored: Stored[];
let asked: string[][];
let ensure: ReturnType<typeof knownFirst>;

beforeEach(() => {
  stored = [];
  asked = [];
  ensure = knownFirst({
    get: (id) => stored[id],
    ensure(organization, wanted) {
      asked.push(wanted.map(({ key }) => key));
      const streams = wanted.map(({ key, unit, kind }) => {
        const known = stored.find((each) => each.organization === organization && each.key === key);
        if (known) known.unit ??= unit;
        return known ?? stored[stored.push({ id: stored.length, organization, key, unit, kind }) - 1]!;
      });
      return Promise.resolve(streams);
    },
  });
});

const want = (key: string, more: { unit?: string; kind?: 'counter' } = {}) => ({
  key,
  stream: key,
  tags: {},
  unit: more.unit ?? null,
  kind: more.kind ?? ('gauge' as const),
  public: false,
});
const idsOf = async (organization: string, ...keys: string[]) =>
  (
    await ensure(
      organization,
      keys.map((key) => want(key)),
    )
  ).map(({ id }) => id);

test('streams that are known are not asked for, whatever their order', async () => {
  expect(await idsOf('one', 'a', 'b')).toEqual([0, 1]);
  expect(await idsOf('one', 'b', 'a', 'b')).toEqual([1, 0, 1]);
  expect(asked).toEqual([['a', 'b']]);
});

test('with one that is new, all are asked for', async () => {
  await idsOf('one', 'a');
  expect(await idsOf('one', 'a', 'b')).toEqual([0, 1]);
  expect(asked).toEqual([['a'], ['a', 'b']]);
});

test('another organization has streams of its own', async () => {
  expect(await idsOf('one', 'a')).toEqual([0]);
  expect(await idsOf('two', 'a')).toEqual([1]);
  expect(await idsOf('one', 'a')).toEqual([0]);
});

test('another unit or kind than is stored is for the catalog to judge', async () => {
  await ensure('one', [want('a')]);
  await ensure('one', [want('a', { unit: 'celsius' })]);
  expect(asked).toHaveLength(2);
  // It has that unit by now.
  await ensure('one', [want('a', { unit: 'celsius' })]);
  expect(asked).toHaveLength(2);
  await ensure('one', [want('a', { unit: 'kelvin' })]);
  await ensure('one', [want('a', { kind: 'counter' })]);
  expect(asked).toHaveLength(4);
});

test('a stream that the catalog has forgotten is asked for again', async () => {
  await idsOf('one', 'a');
  stored.length = 0;
  expect(await idsOf('one', 'a')).toEqual([0]);
  expect(asked).toHaveLength(2);
});
