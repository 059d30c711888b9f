import type { Point } from '@quantumflux/sdk/protocol';
import { PageFeed, type PageStream } from './page-feed.ts';

/** A stream and how it moves: where it starts, how far it goes in a second, and between what it stays. */
type Gauge = PageStream & { start: number; step: number; low: number; high: number };

const MiB = 1024 ** 2;
const percent = { unit: 'percent', low: 1, high: 100 };
const rate = { unit: 'bytes/s', low: 0, high: 40 * MiB };

const gauges: Gauge[] = [
  { stream: 'host.cpu.load', start: 40, step: 8, ...percent },
  {
    stream: 'host.memory.used',
    unit: 'bytes',
    start: 9_400 * MiB,
    step: 90 * MiB,
    low: 4_000 * MiB,
    high: 16_000 * MiB,
  },
  { stream: 'host.eventloop.delay', unit: 'ms', start: 11, step: 1.6, low: 8, high: 60 },
  { stream: 'host.network.received', start: 3 * MiB, step: MiB / 2, ...rate },
  { stream: 'host.network.sent', start: MiB, step: MiB / 4, ...rate },
  ...Array.from({ length: 8 }, (_, core) => ({
    stream: 'host.cpu.core.load',
    tags: { core: String(core) },
    start: 20 + 8 * core,
    step: 9,
    ...percent,
  })),
];

/** A feed like that of a machine, with a quarter of an hour of history. Its walk is always the same. */
export function machineFeed({ seconds = 900, now = Date.now() } = {}): PageFeed {
  const random = randomOf(7);
  const values = gauges.map(({ start }) => start);
  const next = ({ step, low, high }: Gauge, i: number) =>
    (values[i] = Math.min(high, Math.max(low, values[i]! + (random() - 0.5) * step)));

  const feed = new PageFeed(() => {
    const tick = () => gauges.forEach((gauge, i) => feed.write(gauge, [[Date.now(), next(gauge, i)]]));
    const timer = setInterval(tick, 1_000);
    return () => clearInterval(timer);
  });
  gauges.forEach((gauge, i) => {
    const history = Array.from({ length: seconds }, (_, k): Point => [now - (seconds - k) * 1_000, next(gauge, i)]);
    feed.write(gauge, history);
  });
  return feed;
}

/** Numbers from 0 to 1 that look like chance and are always the same. */
function randomOf(seed: number): () => number {
  let state = seed;
  return () => (state = (state * 16_807) % 2_147_483_647) / 2_147_483_647;
}
