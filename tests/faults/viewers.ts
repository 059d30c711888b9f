import {
  connect,
  Series,
  type ClientOptions,
  type Diagnostics,
  type LiveState,
  type LiveUpdate,
  type StreamOptions,
} from '@quantumflux/sdk';
import { setTimeout as sleep } from 'node:timers/promises';
import { SECRET_KEY } from '../server.ts';
import type { Sent } from './ledger.ts';
import { createShown, type Change, type ShownVerdict } from './shown.ts';

// Equal times replace each other in a Series, so that a point that came twice looks as if it had come once. What is
// counted is therefore what goes in.
const changes = new WeakMap<Series, Change[]>();
const { append, clear } = Series.prototype;
Series.prototype.append = function (columns) {
  changesOf(this).push(columns.values.map(Math.floor));
  append.call(this, columns);
};
Series.prototype.clear = function () {
  changesOf(this).push('cleared');
  clear.call(this);
};

function changesOf(series: Series): Change[] {
  const list = changes.get(series) ?? [];
  changes.set(series, list);
  return list;
}

export type Viewers = {
  /** How long each loss of liveness lasted that is over, in ms. */
  readonly outages: number[];
  /** What the viewers were told, in order; one list for each of them. */
  readonly states: readonly (readonly LiveState['is'][])[];
  readonly resyncs: number;
  /** Points that viewers were told to have been left out, and how many of these were not. */
  readonly skipped: number;
  readonly miscounted: number;
  /** From the moment in which a point was acknowledged until a viewer was shown it, for each point and viewer, in ms. */
  lags(sent: readonly Sent[]): number[];
  /** How the client of each viewer does. */
  diagnostics(): Diagnostics[];
  /** Resolves once every viewer was told that it is live; rejects after 40 s. */
  live(): Promise<void>;
  /** Resolves once every viewer shows everything of a ledger that is acknowledged by then; rejects after 40 s. */
  caughtUp(sent: readonly Sent[]): Promise<void>;
  /** The same, but goes on after `patienceMs` (default 20 s); then what all of them were shown is judged. Ends them. */
  settle(sent: readonly Sent[], options?: { patienceMs?: number }): Promise<ShownVerdict>;
  /** Ends them at once. */
  stop(): void;
};

const defaults = {
  count: 8,
  /** History has to hold everything: nothing of it may be thinned or too old. */
  stream: { from: '-1h', width: 10_000 } satisfies StreamOptions as StreamOptions,
  /** More about the clients. */
  client: {} as Partial<ClientOptions>,
};

/** `url`: several are shared out among the viewers. `selector`: what they watch, numbered streams of a ledger. */
export type ViewersOptions = { url: string | readonly string[]; selector: string } & Partial<typeof defaults>;

/**
 * Real clients that watch what a ledger (ledger.ts) writes, whose values count 0, 1, 2 … in each stream, and keep a
 * record of everything they were shown, in order.
 */
export function startViewers({ url, selector, ...options }: ViewersOptions): Viewers {
  const { count, stream, client } = { ...defaults, ...options };
  const urls = [url].flat();
  const viewers = Array.from({ length: count }, (_, i) =>
    startViewer({
      name: `viewer ${i}`,
      selector,
      stream,
      client: { ...client, url: urls[i % urls.length] } as ClientOptions,
    }),
  );
  const missing = (sent: readonly Sent[]) => {
    const acknowledged = acknowledgedOf(sent);
    return viewers.flatMap((viewer) => viewer.missing(acknowledged));
  };
  const stop = () => viewers.forEach((viewer) => viewer.stop());

  async function whole(sent: readonly Sent[], patienceMs: number): Promise<boolean> {
    const end = performance.now() + patienceMs;
    while (missing(sent).length > 0) {
      if (performance.now() > end) return false;
      await sleep(20);
    }
    return true;
  }

  return {
    get outages() {
      return viewers.flatMap(({ outages }) => outages);
    },
    get states() {
      return viewers.map(({ states }) => states);
    },
    get resyncs() {
      return viewers.reduce((sum, { told }) => sum + told.resyncs, 0);
    },
    get skipped() {
      return viewers.reduce((sum, { told }) => sum + told.skipped, 0);
    },
    get miscounted() {
      return viewers.reduce((sum, { shown }) => sum + shown.announced, 0);
    },
    lags: (sent) =>
      sent.flatMap(({ stream, value, acknowledgedAt }) =>
        viewers.flatMap(({ shownAt }) => {
          const at = shownAt.get(stream)?.[value];
          return at === undefined || acknowledgedAt === undefined ? [] : [Math.max(0, at - acknowledgedAt)];
        }),
      ),
    diagnostics: () => viewers.map(({ client }) => client.diagnostics()),
    async live() {
      for (
        const end = performance.now() + 40_000;
        viewers.some(({ states }) => states.at(-1) !== 'live');
        await sleep(20)
      )
        if (performance.now() > end) throw new Error('not live in 40 s');
    },
    async caughtUp(sent) {
      if (!(await whole([...sent], 40_000)))
        throw new Error(`not shown in 40 s:\n${missing(sent).slice(0, 20).join('\n')}`);
    },
    async settle(sent, { patienceMs = 20_000 } = {}) {
      await whole(sent, patienceMs);
      // What came last is told in the next turn of the loop.
      await sleep(10);
      const verdicts = viewers.map(({ shown }) => shown.verdict);
      const lost = missing(sent);
      stop();
      return {
        lost,
        twice: verdicts.flatMap(({ twice }) => twice),
        reordered: verdicts.flatMap(({ reordered }) => reordered),
        untoldGaps: verdicts.flatMap(({ untoldGaps }) => untoldGaps),
      };
    },
    stop,
  };
}

type ViewerOptions = { name: string; selector: string; stream: StreamOptions; client: ClientOptions };

function startViewer({ name, selector, stream, client: options }: ViewerOptions) {
  // Its own, so that each viewer has a connection of its own.
  const client = connect({ key: SECRET_KEY, ...options } as ClientOptions);
  const shown = createShown(name);
  const told = { resyncs: 0, skipped: 0 };
  const states: LiveState['is'][] = [];
  const outages: number[] = [];
  /** When each number of a stream was shown first. */
  const shownAt = new Map<string, number[]>();
  let series: readonly Series[] = [];
  let lostAt: number | undefined;
  let wasLive = false;

  function note(state: LiveState): void {
    if (states.at(-1) !== state.is) states.push(state.is);
    if (state.is !== 'live') lostAt ??= performance.now();
    else if (lostAt !== undefined) {
      // The first time it only became live.
      if (wasLive) outages.push(performance.now() - lostAt);
      lostAt = undefined;
      wasLive = true;
    }
  }

  function onUpdate(update: LiveUpdate): void {
    const { resync, skipped } = update;
    note(update.state);
    told.resyncs += resync ? 1 : 0;
    told.skipped += skipped;
    const now = performance.now();
    const news = new Map<string, Change[]>();
    for (const each of update.series) {
      const list = changesOf(each).splice(0);
      // Another object is another picture.
      if (series.some((known) => known.key === each.key && known !== each)) list.unshift('cleared');
      news.set(each.key, list);
      const times = shownAt.get(each.key) ?? [];
      shownAt.set(each.key, times);
      for (const change of list)
        if (change !== 'cleared') for (const number of Array.from(change)) times[number] ??= now;
    }
    series = update.series;
    shown.update(news, { resync: resync !== undefined, skipped, thinned: update.intervalMs !== null });
  }

  const stopWatching = client.watch(selector, stream, onUpdate);
  return {
    client,
    shown,
    shownAt,
    told,
    states,
    outages,
    missing(acknowledged: ReadonlyMap<string, readonly number[]>): string[] {
      return [...acknowledged].flatMap(([stream, numbers]) => {
        const picture = series.find(({ key }) => key === stream)?.values ?? [];
        return shown.missing(stream, numbers, Float64Array.from(picture, Math.floor));
      });
    },
    stop(): void {
      stopWatching();
      client.close();
    },
  };
}

function acknowledgedOf(sent: readonly Sent[]): Map<string, number[]> {
  const numbers = new Map<string, number[]>();
  for (const { stream, value, isAcknowledged } of sent) {
    if (!isAcknowledged) continue;
    const list = numbers.get(stream) ?? [];
    numbers.set(stream, list);
    list.push(value);
  }
  return numbers;
}
