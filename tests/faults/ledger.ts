import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { SECRET_KEY } from '../server.ts';

/** A write as its sender knows it. Times are unique in its stream, so a point is found by them. */
export type Sent = {
  stream: string;
  time: number;
  /** Counts 0, 1, 2 … in its stream. */
  value: number;
  key: string;
  isAcknowledged: boolean;
  /** Of performance.now(). */
  acknowledgedAt?: number;
};

export type Ledger = {
  sent: Sent[];
  /** How long each write took that was not stored at once, in ms. */
  delays: number[];
  /** Every other answer than 204 that came, and how often; 0 stands for none at all. */
  refusals: Map<number, number>;
  /** Resolves once so many more writes are acknowledged. */
  more(count: number): Promise<void>;
  /** Ends the writing: each writer still brings its last write home. */
  settle(): Promise<void>;
};

const defaults = {
  writers: 8,
  /** Share of the acknowledged writes that are sent again, as by a sender who did not hear the answer. */
  repeat: 0.1,
  /** How long a writer rests after each point, in ms. */
  restMs: 0,
  random: Math.random,
  /** How a point is written, instead of by one request; rejects when it was not stored. */
  send: undefined as ((write: Sent) => Promise<void>) | undefined,
};

/** `url`: of several, each attempt goes to the next. */
export type LedgerOptions = { url: string | readonly string[]; name: string } & Partial<typeof defaults>;

/** How long a writer tries to bring one write home, in ms. */
const PATIENCE_MS = 40_000;

/** Writers that send one point after the other, each again and again with the same key until it is acknowledged. */
export function startLedger({ url, name, ...options }: LedgerOptions): Ledger {
  const { writers, repeat, restMs, random, send } = { ...defaults, ...options };
  const start = Date.now() - 60_000;
  const sent: Sent[] = [];
  const delays: number[] = [];
  const refusals = new Map<number, number>();
  const urls = [url].flat();
  let acknowledged = 0;
  let attempts = 0;
  let isOver = false;

  const refuse = (status: number) => void refusals.set(status, (refusals.get(status) ?? 0) + 1);

  async function post(write: Sent): Promise<boolean> {
    if (!send) return postOnce(write);
    try {
      await send(write);
      return true;
    } catch (error) {
      refuse(0);
      console.error(error);
      return false;
    }
  }

  async function postOnce({ stream, time, value, key }: Sent): Promise<boolean> {
    const response = await fetch(`${urls[attempts++ % urls.length]}/api/v1/points`, {
      method: 'POST',
      headers: {
        authorization: `Bearer ${SECRET_KEY}`,
        'content-type': 'application/json',
        'idempotency-key': key,
      },
      body: JSON.stringify({ stream, points: [[time, value]] }),
    }).catch(() => undefined);
    if (response === undefined) {
      refuse(0);
      return false;
    }
    await response.arrayBuffer().catch(() => {});
    if (response.status === 204) return true;
    refuse(response.status);
    // What is wrong with a write does not pass; only what is wrong with the system.
    if (response.status < 502 && response.status !== 409) throw new Error(`${stream} was answered ${response.status}`);
    return false;
  }

  async function bringHome(write: Sent): Promise<void> {
    const begin = performance.now();
    while (!(await post(write))) {
      if (performance.now() - begin > PATIENCE_MS) throw new Error(`${write.stream} was not stored in 40 s`);
      await sleep(20);
    }
    write.isAcknowledged = true;
    write.acknowledgedAt = performance.now();
    acknowledged += 1;
    const delay = performance.now() - begin;
    if (delay > 200) delays.push(delay);
    if (random() < repeat) await post(write);
  }

  async function write(stream: string): Promise<void> {
    for (let i = 0; !isOver; i++) {
      const next = { stream, time: start + i, value: i, key: randomUUID(), isAcknowledged: false };
      sent.push(next);
      await bringHome(next);
      if (restMs > 0) await sleep(restMs);
    }
  }

  const done = Promise.all(Array.from({ length: writers }, (_, i) => write(`ledger.${name}.w${i}`)));
  // Heard in `settle`, which may come later than the failure.
  done.catch(() => {});
  return {
    sent,
    delays,
    refusals,
    async more(count) {
      const goal = acknowledged + count;
      while (acknowledged < goal) await Promise.race([sleep(5), done]);
    },
    async settle() {
      isOver = true;
      await done;
    },
  };
}
