import { PrismaPg } from '@prisma/adapter-pg';
import { readReplicas } from '@prisma/extension-read-replicas';
import pg from 'pg';
import { isCancelled, isOutage, isRefusal } from '../http/outage.ts';
import type { Log } from '../log.ts';
import { Prisma, PrismaClient } from './generated/client.ts';
import { openPool } from './pool.ts';

/** A copy of the database that follows it, perhaps at some distance. Only reads go there. */
export type Replica = {
  /** `host:port`, for people. */
  name: string;
  pool: pg.Pool;
  /** Whether it is worth a try. */
  isUp(): boolean;
  /**
   * What was read; undefined when the replica could not be read, for whatever reason: then the primary is asked. What
   * `read` itself throws that is no trouble of a database is thrown on.
   */
  attempt<T>(read: () => Promise<T>): Promise<{ answer: T } | undefined>;
  /** Nobody is to try it for a while: it is too far behind, say. */
  leaveOut(reason: string): void;
};

/**
 * For reads that may be a moment behind: queries of models go to one of the replicas, writes and transactions to the
 * primary, and plain SQL to wherever one says.
 */
export type ReadingClient = PrismaClient & { $replica(): PrismaClient; $primary(): PrismaClient };

/** What a replica is like at the moment. Times of performance.now() in ms. */
type State = { is: 'up'; since: number; answeredAt: number } | { is: 'out' };

/** How long a replica may be silent before it is taken for gone, in ms. One that stands still costs a reader this. */
const PATIENCE_MS = 300;

/** How long an answer stands for the next one, in ms: after that, it is first asked whether it is there. */
const FRESH_MS = 250;

/** The first and the longest time for which a replica is left out, in ms; each time twice as long as the one before. */
const SHORTEST_MS = 1_000;
const LONGEST_MS = 30_000;

/** A replica that was well for so long begins with the shortest time again, in ms. */
const STEADY_MS = 10_000;

/** Opens the replicas; whether they are there shows when they are used. */
export function openReplicas(urls: readonly string[], log: Log) {
  const replicas = urls.map((url) => openReplica(url, log));
  return {
    replicas: replicas as readonly Replica[],

    /** The primary's client, whose reads go to the replicas, or where there are none, or none answers, to the primary. */
    readsOf(primary: PrismaClient): ReadingClient {
      const clients = replicas.map((replica) => failingOver(replica, primary));
      const extension = readReplicas({ replicas: clients.length > 0 ? clients : [primary] });
      return primary.$extends(extension) as unknown as ReadingClient;
    },

    close: async (): Promise<void> => void (await Promise.all(replicas.map(({ close }) => close()))),
  };
}

function openReplica(url: string, log: Log) {
  const { hostname, port } = new URL(url);
  const name = `${hostname}:${port || 5_432}`;
  const pool = openPool(url, { log, connectionTimeoutMillis: PATIENCE_MS });
  let state: State = { is: 'up', since: performance.now(), answeredAt: 0 };
  let delayMs = SHORTEST_MS / 2;
  let isOpen = true;
  let timer: NodeJS.Timeout | undefined;
  let asking: Promise<void> | undefined;

  /** Rejects when it does not answer in time. However many want to know, it is asked once. */
  function ask(): Promise<void> {
    // The driver takes this as the time for one query; its types do not say so.
    const question = { text: 'SELECT 1', query_timeout: PATIENCE_MS } as pg.QueryConfig;
    return (asking ??= pool
      .query(question)
      .then(() => undefined)
      .finally(() => (asking = undefined)));
  }

  function leaveOut(reason: string): void {
    if (state.is === 'out' || !isOpen) return;
    delayMs = performance.now() - state.since > STEADY_MS ? SHORTEST_MS : Math.min(delayMs * 2, LONGEST_MS);
    state = { is: 'out' };
    log.warn(`the replica ${name} is left out for ${delayMs} ms; the primary does its work`, reason);
    timer = setTimeout(() => void comeBack(), delayMs).unref();
  }

  async function comeBack(): Promise<void> {
    try {
      await ask();
      const now = performance.now();
      state = { is: 'up', since: now, answeredAt: now };
      log.info(`the replica ${name} is read again`);
    } catch {
      if (!isOpen) return;
      delayMs = Math.min(delayMs * 2, LONGEST_MS);
      timer = setTimeout(() => void comeBack(), delayMs).unref();
    }
  }

  async function attempt<T>(read: () => Promise<T>): Promise<{ answer: T } | undefined> {
    if (state.is === 'out') return undefined;
    try {
      if (performance.now() - state.answeredAt > FRESH_MS) await ask();
      const answer = await read();
      if (state.is === 'up') state.answeredAt = performance.now();
      return { answer };
    } catch (error) {
      if (!isOfDatabase(error)) throw error;
      // What the replica gave up, or what it refused, says nothing about the next question.
      if (!isCancelled(error) && !isRefusal(error)) leaveOut(messageOf(error));
      return undefined;
    }
  }

  return {
    name,
    pool,
    isUp: () => state.is === 'up',
    attempt,
    leaveOut,
    async close() {
      isOpen = false;
      clearTimeout(timer);
      await pool.end();
    },
  };
}

/** A client of the replica that asks the primary when the replica cannot answer. */
function failingOver(replica: Replica, primary: PrismaClient): PrismaClient {
  const client = new PrismaClient({ adapter: new PrismaPg(replica.pool), errorFormat: 'minimal' });
  const extended = client.$extends({
    query: {
      async $allOperations({ model, operation, args, query }) {
        const done = await replica.attempt<unknown>(() => query(args));
        if (done) return done.answer;
        const asked = primary as unknown as Operations & Record<string, Operations>;
        return (model ? asked[model]! : asked)[operation]!(args);
      },
    },
  });
  // The extension wants what it will call, which is there.
  return extended as unknown as PrismaClient;
}

type Operations = Record<string, (args: unknown) => Promise<unknown>>;

function isOfDatabase(error: unknown): boolean {
  const { PrismaClientKnownRequestError: Known, PrismaClientUnknownRequestError: Unknown } = Prisma;
  return isOutage(error) || [pg.DatabaseError, Known, Unknown].some((kind) => error instanceof kind);
}

/** Without what else an error carries, which may be data of users. */
function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
