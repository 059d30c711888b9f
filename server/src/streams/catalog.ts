import {
  MAX_SELECTED_STREAMS,
  matcherOf,
  parseSelector,
  QuantumFluxError,
  type Selector,
} from '@quantumflux/sdk/protocol';
import type { Bus, Stop } from '../bus/bus.ts';
import type { Stream } from './stream.ts';
import type { NewStream, StreamStore } from './streams.store.ts';

/** Who may see which streams. */
export type Viewer = { organization: string; publicOnly: boolean };

/** Every stream that this server has met, by key and by id, so that points are not slowed by look-ups. */
export function createCatalog({ store, bus }: { store: StreamStore; bus: Bus }) {
  const byId = new Map<number, Stream>();
  const byKey = new Map<string, Stream>();
  const watchers = new Set<(streams: Stream[]) => void>();

  function remember(streams: Stream[]): Stream[] {
    for (const stream of streams) {
      byId.set(stream.id, stream);
      byKey.set(placeOf(stream), stream);
    }
    return streams;
  }

  /** The streams changed here or on another server. */
  async function reload(ids: number[]): Promise<void> {
    const known = ids.filter((id) => byId.has(id));
    if (known.length === 0) return;
    const streams = remember(await store.withIds(known));
    for (const watcher of watchers) watcher(streams);
  }

  async function adoptUnits(streams: Stream[], wanted: NewStream[]): Promise<void> {
    const units = new Map(wanted.flatMap(({ key, unit }) => (unit === null ? [] : [[key, unit] as const])));
    const unitless = streams.filter(({ key, unit }) => unit === null && units.has(key));
    if (unitless.length === 0) return;
    for (const { id, key } of unitless) await store.setUnit(id, units.get(key)!);
    const ids = unitless.map(({ id }) => id);
    await reload(ids);
    await bus.publish('streams', { ids });
  }

  return {
    start: (): Promise<Stop> => bus.subscribe('streams', ({ ids }) => reload(ids)),

    /** The stored streams for these, in the same order. Makes what is missing; another unit or kind is a `conflict`. */
    async ensure(organization: string, wanted: NewStream[]): Promise<Stream[]> {
      const missing = wanted.filter((stream) => !byKey.has(placeOf(stream)));
      if (missing.length > 0) remember(await store.ensure(organization, missing));
      const known = () => wanted.map((stream) => byKey.get(placeOf(stream))!);
      known().forEach((stream, i) => checkSame(stream, wanted[i]!));
      await adoptUnits(known(), wanted);
      return known();
    },

    /** What the selector picks for this viewer, by id. */
    async select(selector: Selector | string, { organization, publicOnly }: Viewer): Promise<Stream[]> {
      const parsed = typeof selector === 'string' ? parseSelector(selector) : selector;
      const matches = matcherOf(parsed);
      const streams = remember(await store.named(organization, parsed.name));
      const picked = streams.filter((stream) => matches(stream) && (stream.public || !publicOnly));
      if (picked.length <= MAX_SELECTED_STREAMS) return picked;
      throw new QuantumFluxError(
        'too_large',
        `The selector picks ${picked.length} streams; ${MAX_SELECTED_STREAMS} is the most. Make it narrower.`,
      );
    },

    /** A stream that this server has met. */
    get: (id: number): Stream | undefined => byId.get(id),

    /** Meets streams that another server made. */
    async meet(ids: number[]): Promise<void> {
      const strangers = ids.filter((id) => !byId.has(id));
      if (strangers.length > 0) remember(await store.withIds(strangers));
    },

    async setPublic(streams: Stream[], isPublic: boolean): Promise<void> {
      const ids = streams.map(({ id }) => id);
      await store.setPublic(ids, isPublic);
      await reload(ids);
      await bus.publish('streams', { ids });
    },

    /** How long points are kept from now on, in ms after their time; null for ever. */
    async setRetention(streams: Stream[], retentionMs: number | null): Promise<void> {
      const ids = streams.map(({ id }) => id);
      await store.setRetention(ids, retentionMs);
      await reload(ids);
      await bus.publish('streams', { ids });
    },

    /** Calls back with streams whose unit, visibility or retention changed. */
    watch(onChange: (streams: Stream[]) => void): () => void {
      watchers.add(onChange);
      return () => void watchers.delete(onChange);
    },
  };
}

export type Catalog = ReturnType<typeof createCatalog>;

function placeOf({ organization, key }: { organization: string; key: string }): string {
  return `${organization} ${key}`;
}

function checkSame({ key, unit, kind }: Stream, wanted: NewStream): void {
  if (wanted.unit !== null && unit !== null && wanted.unit !== unit) {
    throw new QuantumFluxError(
      'conflict',
      `${key} is stored in ${unit}, these points are in ${wanted.unit}. Convert them, or write to another stream.`,
    );
  }
  if (wanted.kind === 'counter' && kind === 'gauge') {
    throw new QuantumFluxError('conflict', `${key} is stored as a gauge, not as a counter. Write to another stream.`);
  }
}
