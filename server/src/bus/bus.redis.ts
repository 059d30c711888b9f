import { randomBytes } from 'node:crypto';
import type { Log } from '../log.ts';
import type { Bus } from './bus.ts';
import { isFrom, pack, SENDER_BYTES, unpack } from './codec.ts';
import { connectRedis } from './connection.redis.ts';
import { createListeners } from './listeners.ts';
import type { RedisAddress } from './redis-address.ts';
import { channelOf, channelsOf, topicOf, type Topic } from './topics.ts';

/** Most bytes that are on their way to Redis. Hints beyond that are let go. */
const MAX_PENDING_BYTES = 16 * 1_024 * 1_024;

/** How often a silent connection is asked for a sign of life. */
const PING_MS = 2_000;

export type RedisBusOptions = {
  log: Log;
  /** Servers with the same prefix hear each other. */
  prefix?: string;
};

/**
 * The bus between servers: Redis pub/sub over two connections. What a server says, it hears itself at once and without
 * Redis. While Redis is away, hints to others are let go, not kept.
 */
export function createRedisBus(address: RedisAddress, { log, prefix = 'quantumflux:bus:' }: RedisBusOptions): Bus {
  const listeners = createListeners(log);
  const watchers = new Set<(isUp: boolean) => void>();
  const publisher = connectRedis(address, { name: 'bus-publish', patienceMs: 1_000 });
  const subscriber = connectRedis(address, { name: 'bus-subscribe', patienceMs: 1_000 });
  const sender = randomBytes(SENDER_BYTES);
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
    for (const watcher of watchers) watcher(false);
  }

  function found(): void {
    if (!isAway || !isUp()) return;
    isAway = false;
    log.info('Redis is back');
    for (const watcher of watchers) watcher(true);
  }

  /** What is wanted at this moment; what comes to be wanted is asked for on its own. */
  async function listen(): Promise<void> {
    const channels = listeners.channels();
    if (channels.length > 0 && !(await told('subscribe', channels))) return;
    isListening = true;
    found();
  }

  /** Whether Redis has done it. Else what we hear is no longer what we want: with a new connection, all is asked anew. */
  async function told(command: 'subscribe' | 'unsubscribe', channels: string[]): Promise<boolean> {
    try {
      await subscriber[command](...channels.map((channel) => prefix + channel));
      return true;
    } catch (error) {
      lost(error);
      if (isOpen) subscriber.disconnect(true);
      return false;
    }
  }

  function hear(name: Buffer, bytes: Buffer): void {
    // What we said, we heard when we said it.
    if (isFrom(sender, bytes)) return;
    const channel = name.toString('latin1').slice(prefix.length);
    const topic = topicOf(channel);
    if (topic === undefined || !listeners.has(channel)) return;
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
      listeners.deliver(topic, message);
      if (publisher.status !== 'ready') return Promise.resolve();
      const bytes = pack(topic, message, sender);
      if (pendingBytes + bytes.length <= MAX_PENDING_BYTES) void send(prefix + channelOf(topic, message), bytes);
      return Promise.resolve();
    },
    async subscribe(topic, handle, part = {}) {
      const channels = channelsOf(topic, part);
      const stop = listeners.add(topic, handle, part);
      await tried;
      // Also when another one has asked for it: the answer to that may still be on its way.
      if (subscriber.status === 'ready') await told('subscribe', channels);
      return () => {
        stop();
        const unheard = channels.filter((channel) => !listeners.has(channel));
        if (unheard.length > 0 && subscriber.status === 'ready') void told('unsubscribe', unheard);
        return Promise.resolve();
      };
    },
    isUp,
    onChange(handle) {
      watchers.add(handle);
      return () => void watchers.delete(handle);
    },
    close() {
      isOpen = false;
      clearInterval(pings);
      listeners.clear();
      watchers.clear();
      publisher.disconnect();
      subscriber.disconnect();
      return Promise.resolve();
    },
  };
}
