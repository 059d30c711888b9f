import {
  MAX_SELECTED_STREAMS,
  matcherOf,
  parseSelector,
  QuantumFluxError,
  type Selector,
} from '@quantumflux/sdk/protocol';
import type { Bus, Stop } from '../bus/bus.ts';
import { createChanges } from './changes.ts';
import { createLists } from './lists.ts';
import { createNewcomers } from './newcomers.ts';
import { Recent } from '../cache/recent.ts';
import type { Stream } from './stream.ts';
import type { NewStream, StreamStore } from './streams.store.ts';

/** Who may see which streams. */
export type Viewer = { organization: string; publicOnly: boolean };

const defaults = {
  /** How often is looked for changes whose hint was lost, in ms: so late may a stream be found that is made elsewhere. */
  lookMs: 1_000,
  /** Nothing is answered from memory while it is longer than this that changes could be looked for, in ms. */
  staleMs: 5_000,
  /** Streams that are remembered; at most twice as many. */
  mostStreams: 200_000,
  /** Streams in the answers to selectors that are remembered. */
  mostListed: 500_000,
};

/**
 * Every stream that this server has met lately, by key and by id, and what selectors were answered with, so that neither
 * points nor questions wait for look-ups. What is remembered is kept right by looking at what changed since: at once when
 * the bus says so, every second in any case.
 */
export function createCatalog(
  { store, bus }: { store: StreamStore; bus: Bus },
  options: Partial<typeof defaults> = {},
) {
  const { lookMs, staleMs, mostStreams, mostListed } = { ...defaults, ...options };
  const byId = new Recent<number, Stream>(mostStreams);
  const byKey = new Recent<string, Stream>(mostStreams);
  const lists = createLists(mostListed);
  const loading = new Map<string, Promise<Stream[]>>();
  const watchers = new Set<Watcher>();
  const changes = createChanges({ store, onChange: learn, onRewound: forget });

  const welcome = createNewcomers(async (organization, wanted) => {
    const streams = await store.ensure(organization, wanted);
    learn(streams);
    await tell(streams);
    return streams;
  });

  function remember(stream: Stream): void {
    byId.set(stream.id, stream);
    byKey.set(placeOf(stream), stream);
  }

  /** From the primary: this is how they are. */
  function learn(streams: Stream[]): void {
    const changed = streams.filter((stream) => {
      const known = byId.get(stream.id);
      return known !== undefined && (known.public !== stream.public || known.unit !== stream.unit);
    });
    for (const stream of streams) {
      remember(stream);
      lists.note(stream);
    }
    for (const { onChange, onNew } of watchers) {
      if (changed.length > 0) onChange(changed);
      onNew?.(streams);
    }
  }

  function forget(): void {
    byId.clear();
    byKey.clear();
    lists.clear();
  }

  /** A hint for the others, who look for themselves. */
  function tell(streams: Stream[]): Promise<void> {
    return bus.publish('streams', { ids: streams.map(({ id }) => id) });
  }

  async function listOf(organization: string, name: string): Promise<Stream[]> {
    if (changes.age() > staleMs) await changes.catchUp();
    const known = lists.get(organization, name);
    if (known) return known;
    const place = `${organization} ${name}`;
    let found = loading.get(place);
    if (!found) {
      found = load(organization, name).finally(() => loading.delete(place));
      loading.set(place, found);
    }
    return found;
  }

  /** Most of it from a replica, perhaps; then what the replica did not have yet, which is little, from the primary. */
  async function load(organization: string, name: string): Promise<Stream[]> {
    const { mark, streams } = await store.named(organization, name);
    const newest = streams.map((stream) => {
      const known = byId.get(stream.id);
      if (!known) remember(stream);
      return known ?? stream;
    });
    return lists.open({ organization, name }, newest, () => {
      changes.rewind(mark);
      return changes.catchUp();
    });
  }

  async function adoptUnits(streams: Stream[], wanted: NewStream[]): Promise<void> {
    const byUnit = new Map<string, number[]>();
    streams.forEach(({ id, unit }, i) => {
      const given = wanted[i]!.unit;
      if (unit === null && given !== null) byUnit.set(given, [...(byUnit.get(given) ?? []), id]);
    });
    for (const [unit, ids] of byUnit) await store.setUnit(ids, unit);
    await changes.catchUp();
    await tell(streams);
  }

  return {
    async start(): Promise<Stop> {
      const look = () => changes.catchUp().catch(() => undefined);
      const stop = await bus.subscribe('streams', () => void look());
      await changes.catchUp();
      let timer: NodeJS.Timeout | undefined;
      let isOpen = true;
      const schedule = () => {
        if (isOpen) timer = setTimeout(() => void look().then(schedule), lookMs);
      };
      schedule();
      return async () => {
        isOpen = false;
        clearTimeout(timer);
        await stop();
        await changes.settled();
      };
    },

    /** The stored streams for these, in the same order. Makes what is missing; another unit or kind is a `conflict`. */
    async ensure(organization: string, wanted: NewStream[]): Promise<Stream[]> {
      const known = wanted.map((stream) => byKey.get(placeOf(stream)));
      const missing = wanted.filter((_, i) => known[i] === undefined);
      const made = missing.length > 0 ? (await welcome(organization, missing)).values() : undefined;
      const streams = known.map((stream) => stream ?? made!.next().value!);
      streams.forEach((stream, i) => checkSame(stream, wanted[i]!));
      if (streams.every(({ unit }, i) => unit !== null || wanted[i]!.unit === null)) return streams;
      await adoptUnits(streams, wanted);
      const now = streams.map((stream) => byId.get(stream.id) ?? stream);
      // Somebody else may have been quicker with another one.
      now.forEach((stream, i) => checkSame(stream, wanted[i]!));
      return now;
    },

    /** What the selector picks for this viewer, by id. */
    async select(selector: Selector | string, { organization, publicOnly }: Viewer): Promise<Stream[]> {
      const parsed = typeof selector === 'string' ? parseSelector(selector) : selector;
      const matches = matcherOf(parsed);
      const streams = await listOf(organization, parsed.name);
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
      if (strangers.length > 0) learn(await store.withIds(strangers));
    },

    async setPublic(streams: Stream[], isPublic: boolean): Promise<void> {
      await store.setPublic(
        streams.map(({ id }) => id),
        isPublic,
      );
      await changes.catchUp();
      await tell(streams);
    },

    /** How long points are kept from now on, in ms after their time; null for ever. */
    async setRetention(streams: Stream[], retentionMs: number | null): Promise<void> {
      await store.setRetention(
        streams.map(({ id }) => id),
        retentionMs,
      );
      await changes.catchUp();
      await tell(streams);
    },

    /** The database is another one, or an older state of it: what is remembered does not hold. */
    forget,

    /** Resolves once every stream is known that was made before the call. */
    look: () => changes.catchUp(),

    watch(watcher: Watcher): () => void {
      watchers.add(watcher);
      return () => void watchers.delete(watcher);
    },
  };
}

export type Watcher = {
  /** Called with streams whose unit, visibility or retention changed. */
  onChange: (streams: Stream[]) => void;
  /** Called with streams that were made, here or elsewhere, and with some that are known. */
  onNew?: (streams: Stream[]) => void;
};

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
