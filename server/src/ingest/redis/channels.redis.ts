import { connectRedis } from '../../bus/connection.redis.ts';
import type { RedisAddress } from '../../bus/redis-address.ts';
import type { Log } from '../../log.ts';
import type { Intake } from '../intake.ts';
import { readPayload } from '../payload.ts';

export type ChannelsPorts = { redis: RedisAddress; patterns: readonly string[]; intake: Intake; log: Log };

const defaults = {
  /** Messages and bytes that wait to be stored. Redis does not keep what is published: of more, the newest are let go. */
  maxMessages: 10_000,
  maxBytes: 16 * 1_024 * 1_024,
};

/** How often a silent connection is asked for a sign of life, in ms. */
const PING_MS = 2_000;

/**
 * Hears what is PUBLISHed on channels of these patterns. At most once, as Redis has it: what is published while nobody is
 * connected is gone.
 */
export function startChannels(
  { redis: address, patterns, intake, log }: ChannelsPorts,
  options: Partial<typeof defaults> = {},
): { isUp: () => boolean; stop: () => Promise<void> } {
  const { maxMessages, maxBytes } = { ...defaults, ...options };
  const redis = connectRedis(address, { name: 'source-channels', patienceMs: 1_000 });
  let isOpen = true;
  let isListening = false;
  let isTold = false;
  let waiting = 0;
  let waitingBytes = 0;

  async function listen(): Promise<void> {
    try {
      await redis.psubscribe(...patterns);
      isListening = true;
      if (isTold) log.info('the channels of Redis are heard again');
      isTold = false;
    } catch (cause) {
      lost(cause);
      redis.disconnect(true);
    }
  }

  function lost(cause?: unknown): void {
    isListening = false;
    if (isTold || !isOpen) return;
    isTold = true;
    log.warn('the channels of Redis cannot be heard; what is published until then is lost', cause);
  }

  function hear(channel: string, payload: Buffer): void {
    if (!isOpen) return;
    if (waiting >= maxMessages || waitingBytes + payload.length > maxBytes) return intake.drop(channel);
    const now = Date.now();
    waiting += 1;
    waitingBytes += payload.length;
    void intake.take({ at: channel, read: () => readPayload(payload, { now }) }).finally(() => {
      waiting -= 1;
      waitingBytes -= payload.length;
    });
  }

  redis.on('ready', () => void listen()).on('close', () => lost());
  redis.on('pmessageBuffer', (_pattern: Buffer, channel: Buffer, payload: Buffer) => hear(channel.toString(), payload));
  const pings = setInterval(() => void redis.ping().catch(() => {}), PING_MS);

  return {
    isUp: () => isListening && redis.status === 'ready',
    stop() {
      isOpen = false;
      clearInterval(pings);
      redis.disconnect();
      return Promise.resolve();
    },
  };
}
