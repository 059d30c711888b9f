import { MAX_SELECTED_STREAMS, QuantumFluxError, streamKey } from '@quantumflux/sdk/protocol';
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { startDatabase } from '../../../tests/postgres.ts';
import { createMemoryBus } from '../bus/bus.memory.ts';
import { silent } from '../log.ts';
import { createCatalog, type Catalog } from './catalog.ts';
import type { Stream } from './stream.ts';
import { createStreamStore, type NewStream, type StreamStore } from './streams.store.ts';

let started: Awaited<ReturnType<typeof startDatabase>>;
let organization: string;
let here: Catalog;
/** Another server on the same database and bus. */
let there: Catalog;

beforeAll(async () => void (started = await startDatabase()));
afterAll(() => started.stop());
beforeEach(async () => {
  ({ id: organization } = await started.database.prisma.organization.create({ data: { name: 'Plant' } }));
  const bus = createMemoryBus(silent);
  const make = () => createCatalog({ store: createStreamStore(started.database.prisma), bus });
  [here, there] = [make(), make()];
  const stops = await Promise.all([here.start(), there.start()]);
  return () => Promise.all(stops.map((stop) => stop()));
});

function wanted(stream: string, more: Partial<NewStream> = {}): NewStream {
  const tags = more.tags ?? {};
  return {
    organization,
    key: streamKey({ stream, tags }),
    stream,
    tags,
    unit: null,
    kind: 'gauge',
    public: false,
    ...more,
  };
}

const viewer = (more: object = {}) => ({ organization, publicOnly: false, ...more });
const names = (streams: { key: string }[]) => streams.map(({ key }) => key);

async function codeOf(promise: Promise<unknown>): Promise<string> {
  return promise.then(
    () => 'ok',
    (error: unknown) => (error instanceof QuantumFluxError ? error.code : 'broken'),
  );
}

test('a stream is made once, whoever asks first and however often', async () => {
  const both = await Promise.all([
    here.ensure(organization, [wanted('a')]),
    there.ensure(organization, [wanted('a'), wanted('b')]),
  ]);
  const again = await here.ensure(organization, [wanted('b'), wanted('a'), wanted('a')]);
  expect(
    new Set(
      both
        .flat()
        .concat(again)
        .map(({ id }) => id),
    ).size,
  ).toBe(2);
  expect(names(again)).toEqual(['b', 'a', 'a']);
});

test('another unit or kind is a conflict; a unit that was missing is taken, here and there', async () => {
  await here.ensure(organization, [wanted('t')]);
  await there.ensure(organization, [wanted('t')]);
  const [withUnit] = await here.ensure(organization, [wanted('t', { unit: 'celsius' })]);
  expect(withUnit!.unit).toBe('celsius');
  await vi.waitFor(async () =>
    expect(await codeOf(there.ensure(organization, [wanted('t', { unit: 'kelvin' })]))).toBe('conflict'),
  );
  expect(await codeOf(here.ensure(organization, [wanted('t', { kind: 'counter' })]))).toBe('conflict');
  expect(await codeOf(here.ensure(organization, [wanted('t')]))).toBe('ok');
});

test('a selector picks by name and tags', async () => {
  const streams = [
    wanted('host.cpu'),
    wanted('host.mem'),
    wanted('http', { tags: { region: 'eu' } }),
    wanted('http', { tags: { region: 'us' } }),
  ];
  await here.ensure(organization, streams);
  expect(names(await here.select('host.*', viewer()))).toEqual(['host.cpu', 'host.mem']);
  expect(names(await there.select('http{region=~"eu|de"}', viewer()))).toEqual(['http{region="eu"}']);
  expect(names(await there.select('*', viewer()))).toHaveLength(4);
  expect(names(await there.select('h*m', viewer()))).toEqual(['host.mem']);
});

test('another organization, and whoever sees public streams only, does not find what is not theirs', async () => {
  const [secret] = await here.ensure(organization, [wanted('secret')]);
  const { id: stranger } = await started.database.prisma.organization.create({ data: { name: 'Other' } });
  expect(await here.select('*', { organization: stranger, publicOnly: false })).toEqual([]);
  expect(await here.select('*', viewer({ publicOnly: true }))).toEqual([]);
  await here.setPublic([secret!], true);
  expect(names(await there.select('*', viewer({ publicOnly: true })))).toEqual(['secret']);
});

test('a change is told on every server that has met the stream', async () => {
  const [stream] = await here.ensure(organization, [wanted('s')]);
  await there.meet([stream!.id]);
  const heard = vi.fn();
  const stop = there.watch({ onChange: heard });
  await here.setPublic([stream!], true);
  await vi.waitFor(() =>
    expect(heard).toHaveBeenCalledWith([expect.objectContaining({ id: stream!.id, public: true })]),
  );
  expect(there.get(stream!.id)!.public).toBe(true);
  stop();
});

test('a selector that picks too many streams is told so', async () => {
  await here.ensure(
    organization,
    Array.from({ length: MAX_SELECTED_STREAMS + 1 }, (_, i) => wanted(`many.s${i}`)),
  );
  expect(await codeOf(here.select('many.*', viewer()))).toBe('too_large');
  expect(await codeOf(here.select('many.s1*', viewer()))).toBe('ok');
});

describe('of many new streams at once', () => {
  const SENDERS = 1_000;
  const EACH = 10;
  const batch = (sender: number) => Array.from({ length: EACH }, (_, i) => wanted(`new.s${sender}.v${i}`));

  /** How many questions the database is asked meanwhile. */
  async function questionsDuring(work: () => Promise<unknown>): Promise<number> {
    const { pool } = started.database;
    let questions = 0;
    const count = () => (questions += 1);
    pool.on('acquire', count);
    await work();
    pool.off('acquire', count);
    return questions;
  }

  test('all are made, with a handful of questions', async () => {
    const made: Stream[][] = [];
    const questions = await questionsDuring(async () => {
      const senders = Array.from(
        { length: SENDERS },
        async (_, i) => (made[i] = await here.ensure(organization, batch(i))),
      );
      await Promise.all(senders);
    });
    expect(questions).toBeLessThan(60);
    made.forEach((streams, i) => expect(names(streams)).toEqual(names(batch(i))));
    expect(new Set(made.flat().map(({ id }) => id)).size).toBe(SENDERS * EACH);
    // From now on nobody asks.
    expect(await questionsDuring(() => here.ensure(organization, batch(7)))).toBe(0);
  });

  test('two servers that make the same ones agree', async () => {
    const senders = Array.from({ length: 200 }, async (_, i) => {
      const [one, other] = [here.ensure(organization, batch(i)), there.ensure(organization, batch(i).toReversed())];
      expect((await other).toReversed()).toEqual(await one);
    });
    await Promise.all(senders);
    expect(await started.database.prisma.stream.count({ where: { organizationId: organization } })).toBe(2_000);
  });

  test('one that the database refuses does not harm the others', async () => {
    const refused = wanted('bad', { key: 'no\0such' });
    const answers = await Promise.allSettled([
      ...Array.from({ length: 20 }, (_, i) => here.ensure(organization, batch(i))),
      here.ensure(organization, [wanted('good'), refused]),
      ...Array.from({ length: 20 }, (_, i) => here.ensure(organization, batch(20 + i))),
    ]);
    expect(answers.flatMap(({ status }, i) => (status === 'rejected' ? [i] : []))).toEqual([20]);
  });
});

describe('what a selector was answered with', () => {
  /** Counts what is asked of the store. */
  function counting(store: StreamStore) {
    const asked = { named: 0, changedSince: 0 };
    const named: StreamStore['named'] = (...question) => ((asked.named += 1), store.named(...question));
    const changedSince: StreamStore['changedSince'] = (mark) => ((asked.changedSince += 1), store.changedSince(mark));
    return { asked, store: { ...store, named, changedSince } };
  }

  test('is known from then on, with what is made, here and there, and what becomes public', async () => {
    const { asked, store } = counting(createStreamStore(started.database.prisma));
    const bus = createMemoryBus(silent);
    const watched = createCatalog({ store, bus }, { lookMs: 60_000 });
    const other = createCatalog({ store: createStreamStore(started.database.prisma), bus });
    const stops = await Promise.all([watched.start(), other.start()]);
    const [first] = await watched.ensure(organization, [wanted('a.x')]);
    for (let i = 0; i < 5; i++) expect(names(await watched.select('a.*', viewer()))).toEqual(['a.x']);
    // Of this server: in the very next answer.
    await watched.ensure(organization, [wanted('a.y')]);
    expect(names(await watched.select('a.*', viewer()))).toEqual(['a.x', 'a.y']);
    await other.ensure(organization, [wanted('a.z'), wanted('b')]);
    await vi.waitFor(async () => expect(names(await watched.select('a.*', viewer()))).toEqual(['a.x', 'a.y', 'a.z']));
    expect(await watched.select('a.*', viewer({ publicOnly: true }))).toEqual([]);
    await other.setPublic([first!], true);
    await vi.waitFor(async () =>
      expect(names(await watched.select('a.*', viewer({ publicOnly: true })))).toEqual(['a.x']),
    );
    await other.setPublic([first!], false);
    await vi.waitFor(async () => expect(await watched.select('a.*', viewer({ publicOnly: true }))).toEqual([]));
    expect(asked.named).toBe(1);
    await Promise.all(stops.map((stop) => stop()));
  });

  test('follows changes whose hint was lost, and changes by hand', async () => {
    const store = createStreamStore(started.database.prisma);
    // Each on a bus of its own: no hint ever arrives.
    const [alone, other] = [createMemoryBus(silent), createMemoryBus(silent)].map((bus) =>
      createCatalog({ store, bus }, { lookMs: 100 }),
    );
    const stops = await Promise.all([alone!.start(), other!.start()]);
    const heard = vi.fn();
    alone!.watch({ onChange: heard });
    expect(await alone!.select('*', viewer())).toEqual([]);
    await other!.ensure(organization, [wanted('late')]);
    await vi.waitFor(async () => expect(names(await alone!.select('*', viewer()))).toEqual(['late']));
    await started.database.pool.query(`UPDATE stream SET unit = 'celsius' WHERE organization_id = $1`, [organization]);
    await vi.waitFor(() => expect(heard).toHaveBeenCalledWith([expect.objectContaining({ unit: 'celsius' })]));
    expect(await alone!.select('late', viewer())).toMatchObject([{ unit: 'celsius' }]);
    await Promise.all(stops.map((stop) => stop()));
  });

  test('is not given while nobody could look for changes', async () => {
    const { asked, store } = counting(createStreamStore(started.database.prisma));
    let isAway = false;
    const away = {
      ...store,
      changedSince: (mark: bigint) => (isAway ? Promise.reject(new Error('away')) : store.changedSince(mark)),
    };
    const catalog = createCatalog({ store: away, bus: createMemoryBus(silent) }, { lookMs: 20, staleMs: 100 });
    const stop = await catalog.start();
    expect(await catalog.select('*', viewer())).toEqual([]);
    isAway = true;
    await vi.waitFor(() => expect(codeOf(catalog.select('*', viewer()))).resolves.toBe('broken'));
    isAway = false;
    await vi.waitFor(() => expect(codeOf(catalog.select('*', viewer()))).resolves.toBe('ok'));
    expect(asked.named).toBe(1);
    await stop();
  });

  test('is forgotten when there is more of it than may be kept', async () => {
    const { asked, store } = counting(createStreamStore(started.database.prisma));
    const catalog = createCatalog({ store, bus: createMemoryBus(silent) }, { mostListed: 25, mostStreams: 10 });
    const stop = await catalog.start();
    const many = (name: string) => Array.from({ length: 10 }, (_, i) => wanted(`${name}.s${i}`));
    for (const name of ['a', 'b', 'c']) await catalog.ensure(organization, many(name));
    // Also of those that are no longer remembered one by one.
    for (const name of ['a', 'b', 'c', 'b', 'c']) {
      expect(names(await catalog.select(`${name}.*`, viewer()))).toEqual(names(many(name)));
    }
    expect(asked.named).toBe(3);
    expect(await catalog.select('a.*', viewer())).toHaveLength(10);
    expect(asked.named).toBe(4);
    expect(names(await catalog.ensure(organization, many('a')))).toEqual(names(many('a')));
    await stop();
  });
});
