import { type QuantumFluxClient, QuantumFluxError } from '@quantumflux/sdk';
import type { Point, StreamWrite } from '@quantumflux/sdk/protocol';
import { createMemoryServer, type MemoryServer, type MemoryServerOptions } from '@quantumflux/sdk/testing';

/** A stream and how it moves: where it starts, how far it goes in a second, and between what it stays. */
type Gauge = Omit<StreamWrite, 'points'> & { start: number; step: number; low: number; high: number };

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

/** A server in the page, and its client. */
export type Feed = { server: MemoryServer; client: QuantumFluxClient };

type MachineOptions = MemoryServerOptions & { /** Length of its history. */ seconds?: number; now?: number };

/** A feed like that of a machine, with a quarter of an hour of history. Its walk is always the same. */
export function machineFeed({ seconds = 900, now = Date.now(), ...options }: MachineOptions = {}): Feed {
  const random = randomOf(7);
  const values = gauges.map(({ start }) => start);
  const next = ({ step, low, high }: Gauge, i: number) =>
    (values[i] = Math.min(high, Math.max(low, values[i]! + (random() - 0.5) * step)));

  const server = createMemoryServer(options);
  const client = server.connect();
  gauges.forEach((gauge, i) => {
    const history = Array.from({ length: seconds }, (_, k): Point => [now - (seconds - k) * 1_000, next(gauge, i)]);
    server.write({ ...gauge, points: history });
  });
  // Nobody is there to see it while nothing is connected.
  let timer: ReturnType<typeof setInterval> | undefined;
  const tick = () => gauges.forEach((gauge, i) => server.write({ ...gauge, points: [[server.now(), next(gauge, i)]] }));
  client.onState(({ is }) => {
    if (is === 'idle' || is === 'closed') timer = void clearInterval(timer);
    else timer ??= setInterval(tick, 1_000);
  });
  return { server, client };
}

/** One that does not answer. */
export function awayFeed(): Feed {
  const feed = machineFeed();
  feed.server.goAway();
  return feed;
}

/** One that goes away after a moment. */
export function lostFeed(): Feed {
  const feed = machineFeed();
  const stop = feed.client.onState(({ is }) => {
    if (is !== 'connected') return;
    stop();
    setTimeout(() => feed.server.goAway(), 500);
  });
  return feed;
}

/** One that lets nobody see anything. */
export function refusingFeed(): Feed {
  return machineFeed({
    grant: ({ selector }) => {
      throw new QuantumFluxError('forbidden', `This key may not read “${selector}”. Use one that may.`);
    },
  });
}

/** Numbers from 0 to 1 that look like chance and are always the same. */
function randomOf(seed: number): () => number {
  let state = seed;
  return () => (state = (state * 16_807) % 2_147_483_647) / 2_147_483_647;
}
