import { Series } from '@quantumflux/sdk';
import { matcherOf, parseSelector, type Point, type StreamMeta, streamKey, type Tags } from '@quantumflux/sdk/protocol';
import type { LiveClient, LiveSource, LiveState, LiveUpdate, Stop } from '../base/client.ts';

export type PageStream = { stream: string; tags?: Tags; unit?: string; kind?: StreamMeta['kind'] };

type Watcher = { matches: (meta: StreamMeta) => boolean; series: Series[]; tell: (update: LiveUpdate) => void };

/** Live streams that are made in the page itself, without a server: what stories and tests are fed by. */
export class PageFeed implements LiveClient {
  readonly #run: () => Stop;
  readonly #series = new Map<string, Series>();
  readonly #watchers = new Set<Watcher>();
  #state: LiveState = { is: 'live' };
  /** The right edge of all charts; tests may stop it. */
  now: () => number = Date.now;
  #stop: Stop | undefined;

  /** `run`: what makes the points. It is started when somebody watches and stopped when nobody does any more. */
  constructor(run: () => Stop = () => () => {}) {
    this.#run = run;
  }

  /** How many watch at the moment. */
  get watchers(): number {
    return this.#watchers.size;
  }

  get state(): LiveState {
    return this.#state;
  }

  /** Tells everybody that the feed is stale, live again, … */
  set state(state: LiveState) {
    this.#state = state;
    this.#tell();
  }

  stream(selector: string, _options: { from: string }): LiveSource {
    const matches = matcherOf(parseSelector(selector));
    return {
      watch: (tell): Stop => {
        const watcher: Watcher = { matches, tell, series: [] };
        this.#watchers.add(watcher);
        this.#pick(watcher);
        this.#stop ??= this.#run();
        tell(this.#update(watcher));
        return () => {
          this.#watchers.delete(watcher);
          if (this.#watchers.size > 0) return;
          this.#stop?.();
          this.#stop = undefined;
        };
      },
    };
  }

  /** Appends points and tells whom they concern. */
  write({ stream, tags = {}, unit, kind = 'gauge' }: PageStream, points: readonly Point[]): void {
    const key = streamKey({ stream, tags });
    let series = this.#series.get(key);
    if (!series) {
      series = new Series({ id: this.#series.size + 1, stream, tags, unit: unit ?? null, kind });
      this.#series.set(key, series);
      for (const watcher of this.#watchers) this.#pick(watcher);
    }
    series.append({
      times: Float64Array.from(points, ([time]) => time),
      values: Float64Array.from(points, ([, value]) => value),
    });
    const written = series;
    for (const watcher of this.#watchers) if (watcher.series.includes(written)) watcher.tell(this.#update(watcher));
  }

  #pick(watcher: Watcher): void {
    const picked = [...this.#series.values()].filter(({ meta }) => watcher.matches(meta));
    if (picked.length !== watcher.series.length) watcher.series = picked;
  }

  #update({ series }: Watcher): LiveUpdate {
    const hasPoints = this.#state.is === 'live' || this.#state.is === 'stale';
    return { series: hasPoints ? series : [], state: this.#state };
  }

  #tell(): void {
    for (const watcher of this.#watchers) watcher.tell(this.#update(watcher));
  }
}
