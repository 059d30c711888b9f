import type { Log } from '../log.ts';
import type { Bus } from './bus.ts';
import { pack, unpack } from './codec.ts';
import { connectRedis } from './connection.redis.ts';
import { createListeners } from './listeners.ts';
import { topics, type Topic } from './topics.ts';

/** Most bytes that are on their way to Redis. Hints beyond that are let go. */
const MAX_PENDING_BYTES = 16 * 1_024 * 1_024;

/** How often a silent connection is asked for a sign of life. */
const PING_MS = 2_000;

export type RedisBusOptions = {
  log: Log;
  /** Servers with the same prefix hear each other. */
  prefix?: string;
};

/** The bus between servers: Redis pub/sub over two connections. While Redis is away, hints are let go, not kept. */
export function createRedisBus(url: string, { log, prefix = 'quantumflux:bus:' }: RedisBusOptions): Bus {
  const listeners = createListeners(log);
  const channels = new Map(Object.keys(topics).map((topic) => [prefix + topic, topic as Topic]));
  const publisher = connectRedis(url, { name: 'bus-publish', patienceMs: 1_000 });
  const subscriber = connectRedis(url, { name: 'bus-subscribe', patienceMs: 1_000 });
  const misunderstood = new Set<Topic>();
  let isOpen = true;
  let isListening = false;
  let isRefused = false;
  let isAway = false;
  let pendingBytes = 0;

  const isUp = () => isOpen && publisher.status === 'ready' && isListening && !isRefused;

  function lost(cause?: unknown): void {
    if (!isOpen || isAway) return;
    isAway = true;
    log.warn('Redis is away; until it is back, other servers learn of news a little later', cause);
  }

  function found(): void {
    if (!isAway || !isUp()) return;
    isAway = false;
    log.info('Redis is back');
  }

  // All topics from the start: every server hears all of them, and there is nothing to keep in step.
  async function listen(): Promise<void> {
    try {
      await subscriber.subscribe(...channels.keys());
      isListening = true;
      found();
    } catch (error) {
      lost(error);
      subscriber.disconnect(true);
    }
  }

  function hear(channel: Buffer, bytes: Buffer): void {
    const topic = channels.get(channel.toString());
    if (topic === undefined || !listeners.has(topic)) return;
    try {
      listeners.deliver(topic, unpack(topic, bytes));
    } catch (error) {
      if (!misunderstood.has(topic))
        log.warn(`messages of "${topic}" that this version cannot read are dropped`, error);
      misunderstood.add(topic);
    }
  }

  async function send(channel: string, bytes: Buffer): Promise<void> {
    pendingBytes += bytes.length;
    try {
      await publisher.publish(channel, bytes);
      isRefused = false;
      found();
    } catch (error) {
      // Connected and yet not served: no right to publish, or no memory.
      isRefused = publisher.status === 'ready';
      lost(error);
    } finally {
      pendingBytes -= bytes.length;
    }
  }

  for (const connection of [publisher, subscriber]) connection.on('error', lost).on('close', () => lost());
  subscriber.on('close', () => (isListening = false)).on('messageBuffer', hear);
  const pings = setInterval(() => {
    for (const connection of [publisher, subscriber]) connection.ping().catch(() => {});
  }, PING_MS);
  pings.unref();

  // The first try to connect has ended, well or not; those who begin by then hear what is sent from then on.
  const tried = Promise.all([
    new Promise<void>((done) => publisher.on('ready', found).once('ready', done).once('close', done)),
    new Promise<void>((done) => subscriber.on('ready', () => void listen().then(done)).once('close', done)),
  ]);

  return {
    publish(topic, message) {
      if (publisher.status !== 'ready') return Promise.resolve();
      const bytes = pack(message);
      if (pendingBytes + bytes.length <= MAX_PENDING_BYTES) void send(prefix + topic, bytes);
      return Promise.resolve();
    },
    async subscribe(topic, handle) {
      const stop = listeners.add(topic, handle);
      await tried;
      return () => Promise.resolve(stop());
    },
    isUp,
    close() {
      isOpen = false;
      clearInterval(pings);
      listeners.clear();
      publisher.disconnect();
      subscriber.disconnect();
      return Promise.resolve();
    },
  };
}
