import { randomBytes } from 'node:crypto';
import type { Log } from '../log.ts';
import type { Bus } from './bus.ts';
import { isFrom, pack, SENDER_BYTES, unpack } from './codec.ts';
import { connectRedis } from './connection.redis.ts';
import { gatherHeads } from './heads.ts';
import { createListeners } from './listeners.ts';
import type { RedisAddress } from './redis-address.ts';
import { channelOf, channelsOf, topicOf, type Message, type Topic } from './topics.ts';

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
 * The bus between servers: Redis pub/sub over one connection. What a server says, it hears itself at once and without
 * Redis. While Redis is away, hints to others are let go, not kept.
 */
export function createRedisBus(address: RedisAddress, { log, prefix = 'quantumflux:bus:' }: RedisBusOptions): Bus {
  const listeners = createListeners(log);
  const watchers = new Set<(isUp: boolean) => void>();
  // Since Redis 6 a connection that listens may speak as well. So the answer to what we say comes together with its echo.
  const redis = connectRedis(address, { name: 'bus', patienceMs: 1_000 });
  const sender = randomBytes(SENDER_BYTES);
  const misunderstood = new Set<Topic>();
  let isOpen = true;
  let isListening = false;
  let isRefused = false;
  let isAway = false;
  let isCorked = false;
  let pendingBytes = 0;
  const heads = gatherHeads((position) => tell('heads', position));

  const isUp = () => isOpen && redis.status === 'ready' && isListening && !isRefused;

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
      await redis[command](...channels.map((channel) => prefix + channel));
      return true;
    } catch (error) {
      lost(error);
      if (isOpen) redis.disconnect(true);
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

  /** Tells the others. */
  function tell<T extends Topic>(topic: T, message: Message<T>): void {
    if (redis.status !== 'ready') return;
    const bytes = pack(topic, message, sender);
    if (pendingBytes + bytes.length > MAX_PENDING_BYTES) return;
    cork();
    void send(prefix + channelOf(topic, message), bytes);
  }

  /** What is said in one turn of the loop, as all of a commit is, goes out in one write: that is what costs. */
  function cork(): void {
    if (isCorked) return;
    isCorked = true;
    const { stream } = redis;
    stream.cork();
    process.nextTick(() => {
      isCorked = false;
      stream.uncork();
    });
  }

  async function send(channel: string, bytes: Buffer): Promise<void> {
    pendingBytes += bytes.length;
    try {
      await redis.publish(channel, bytes);
      isRefused = false;
      found();
    } catch (error) {
      // Connected and yet not served: no right to publish, or no memory.
      isRefused = redis.status === 'ready';
      lost(error);
    } finally {
      pendingBytes -= bytes.length;
    }
  }

  function left(): void {
    isListening = false;
    lost();
  }

  redis.on('error', lost).on('close', left).on('messageBuffer', hear);
  const pings = setInterval(() => void redis.ping().catch(() => {}), PING_MS);
  pings.unref();

  // The first try to connect has ended, well or not; those who begin by then hear what is sent from then on.
  const tried = new Promise<void>((done) => {
    redis.on('ready', () => void listen().then(done)).once('close', done);
  });

  return {
    publish(topic, message) {
      listeners.deliver(topic, message);
      if (topic === 'heads') heads.add(message as Message<'heads'>);
      else tell(topic, message);
      return Promise.resolve();
    },
    async subscribe(topic, handle, part = {}) {
      const channels = channelsOf(topic, part);
      const stop = listeners.add(topic, handle, part);
      await tried;
      // Also when another one has asked for it: the answer to that may still be on its way.
      if (redis.status === 'ready') await told('subscribe', channels);
      return () => {
        stop();
        const unheard = channels.filter((channel) => !listeners.has(channel));
        if (unheard.length > 0 && redis.status === 'ready') void told('unsubscribe', unheard);
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
      heads.stop();
      listeners.clear();
      watchers.clear();
      redis.disconnect();
      return Promise.resolve();
    },
  };
}
