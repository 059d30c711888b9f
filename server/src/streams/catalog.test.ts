import { MAX_SELECTED_STREAMS, QuantumFluxError, streamKey } from '@quantumflux/sdk/protocol';
import { afterAll, beforeAll, beforeEach, expect, test, vi } from 'vitest';
import { startDatabase } from '../../../tests/postgres.ts';
import { createMemoryBus } from '../bus/bus.memory.ts';
import { silent } from '../log.ts';
import { createCatalog, type Catalog } from './catalog.ts';
import { createStreamStore, type NewStream } from './streams.store.ts';

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
  await Promise.all([here.start(), there.start()]);
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
  const stop = there.watch(heard);
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
