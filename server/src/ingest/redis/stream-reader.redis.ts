import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { connectRedis } from '../../bus/connection.redis.ts';
import type { RedisAddress } from '../../bus/redis-address.ts';
import type { Log } from '../../log.ts';
import type { Intake } from '../intake.ts';
import { entriesOfClaim, entriesOfRead, messageOf, type StreamEntry } from './entries.ts';

export type StreamReaderPorts = { redis: RedisAddress; stream: string; group: string; intake: Intake; log: Log };

const defaults = {
  /** How long an entry may be with a server before another one takes it over, in ms. */
  staleMs: 10_000,
  /** How often is looked for those, in ms. */
  claimMs: 5_000,
};

export type StreamReaderOptions = Partial<typeof defaults>;

/** How long Redis waits for a new entry, in ms: also the longest that a stop waits. */
const BLOCK_MS = 1_000;

/** Longest wait for an answer, in ms. */
const PATIENCE_MS = 5_000;

/** Entries of one read, and the bytes that they should not go beyond: how large the next ones are, the last ones tell. */
const MOST_ENTRIES = 1_000;
const READ_BYTES = 4 * 1_024 * 1_024;

/** Entries that were refused; of more, the oldest are let go. */
const DEAD_LETTERS = 10_000;

/** A consumer without entries that was silent for so long is one of a server that is gone, in ms. */
const GONE_MS = 3_600_000;

/** What is done with an entry, and not yet told to Redis. */
type Done = StreamEntry & { reason: string | undefined };

/**
 * Reads a Redis Stream as a member of a consumer group. An entry is acknowledged once its points are on disk, so each is
 * stored, whoever dies when; and stored once, by its id. What is refused goes to the stream `<stream>:dead`.
 */
export function startStreamReader(
  { redis: address, stream, group, intake, log }: StreamReaderPorts,
  options: StreamReaderOptions = {},
): { isUp: () => boolean; stop: () => Promise<void> } {
  const { staleMs, claimMs } = { ...defaults, ...options };
  const redis = connectRedis(address, { name: 'source-stream', patienceMs: PATIENCE_MS });
  const consumer = randomUUID();
  let isOpen = true;
  let isUp = false;
  let isTold = false;
  let isPrepared = false;
  let nextClaim = 0;
  let cursor = '0';
  let count = 100;
  let done: Done[] = [];

  async function run(): Promise<void> {
    for (let failures = 0; isOpen;) {
      try {
        if (redis.status !== 'ready') throw new Error('there is no connection to Redis');
        await step();
        failures = 0;
        found();
      } catch (cause) {
        lost(cause);
        isPrepared = false;
        await sleep(Math.min(1_000, 50 * 2 ** failures++));
      }
    }
    // What was stored while the end came.
    if (redis.status === 'ready') await settle().catch(() => {});
    redis.disconnect();
  }

  async function step(): Promise<void> {
    if (!isPrepared) await prepare();
    // Of before, when Redis went away at the wrong moment.
    await settle();
    const entries = performance.now() >= nextClaim ? await claim() : await read();
    if (entries.length === 0) return;
    const bytes = entries.reduce((sum, { fields }) => sum + fields.reduce((all, { length }) => all + length, 0), 0);
    count = Math.max(1, Math.min(MOST_ENTRIES, Math.floor(READ_BYTES / (bytes / entries.length + 1))));
    done = (await Promise.all(entries.map(take))).flatMap((each) => each ?? []);
    await settle();
  }

  /** A group that is not there, also because Redis has lost its memory, begins with the oldest entry that is. */
  async function prepare(): Promise<void> {
    try {
      await redis.xgroup('CREATE', stream, group, '0', 'MKSTREAM');
    } catch (cause) {
      if (!(cause instanceof Error && cause.message.startsWith('BUSYGROUP'))) throw cause;
    }
    await forgetConsumers();
    isPrepared = true;
  }

  async function forgetConsumers(): Promise<void> {
    for (const fields of (await redis.xinfo('CONSUMERS', stream, group)) as unknown[][]) {
      const { name, pending, idle } = Object.fromEntries(pairsOf(fields)) as Record<string, unknown>;
      if (pending === 0 && Number(idle) > GONE_MS) await redis.xgroup('DELCONSUMER', stream, group, String(name));
    }
  }

  async function read(): Promise<StreamEntry[]> {
    return entriesOfRead(
      await redis.xreadgroupBuffer('GROUP', group, consumer, 'COUNT', count, 'BLOCK', BLOCK_MS, 'STREAMS', stream, '>'),
    );
  }

  /** Entries that a server has had for too long: it is gone, or its acknowledgement was lost. */
  async function claim(): Promise<StreamEntry[]> {
    const reply = await redis.callBuffer('XAUTOCLAIM', stream, group, consumer, staleMs, cursor, 'COUNT', count);
    const { next, entries } = entriesOfClaim(reply);
    cursor = next ?? '0';
    if (next === undefined) nextClaim = performance.now() + claimMs;
    return entries;
  }

  async function take(entry: StreamEntry): Promise<Done | undefined> {
    // Deleted while it was with somebody: there is nothing to store and nobody to tell.
    if (entry.fields.length === 0) return { ...entry, reason: undefined };
    const verdict = await intake.take(messageOf(stream, entry));
    if (verdict.is === 'pending') return undefined;
    return { ...entry, reason: verdict.is === 'refused' ? verdict.reason : undefined };
  }

  async function settle(): Promise<void> {
    if (done.length === 0) return;
    for (const entry of done) {
      if (entry.reason === undefined) continue;
      const letter = ['id', entry.id, 'reason', entry.reason, ...entry.fields];
      await redis.xadd(`${stream}:dead`, 'MAXLEN', '~', DEAD_LETTERS, '*', ...letter);
      // Told once, also when the acknowledgement fails.
      entry.reason = undefined;
    }
    await redis.xack(stream, group, ...done.map(({ id }) => id));
    done = [];
  }

  function found(): void {
    isUp = true;
    if (isTold) log.info(`the Redis Stream ${stream} is read again`);
    isTold = false;
  }

  function lost(cause: unknown): void {
    isUp = false;
    if (!isTold && isOpen && redis.status !== 'connecting') {
      isTold = true;
      log.warn(`the Redis Stream ${stream} cannot be read; trying again`, cause);
    }
  }

  const running = run();
  return {
    isUp: () => isUp && redis.status === 'ready',
    async stop() {
      isOpen = false;
      await running;
    },
  };
}

function pairsOf(fields: unknown[]): [string, unknown][] {
  return fields.flatMap((name, i) => (i % 2 === 0 ? [[String(name), fields[i + 1]]] : []));
}
