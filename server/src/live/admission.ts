import type { IncomingMessage, ServerResponse } from 'node:http';
import { comeBackIn, sendError } from '../http/errors.ts';
import { refuseUpgrade } from '../http/upgrade.ts';

const defaults = {
  /** Handshakes a second to begin with; then as many as the loop can take, between the two others. */
  rate: 300,
  minRate: 100,
  maxRate: 1_000,
  /** How long one may wait to be let in, in ms; who would wait longer is told to come back. */
  maxWaitMs: 5_000,
  /** Most that are let in at once. */
  burst: 32,
};

export type AdmissionOptions = Partial<typeof defaults>;

/** Told what became of a handshake. */
export type OnHandshake = (outcome: 'admitted' | 'refused') => void;

/** Says to Engine.IO that it may go on with a handshake. */
type LetIn = (error: null, isAllowed: true) => void;
type Waiting = { req: IncomingMessage; letIn: LetIn };

/** How often those who wait are looked at, in ms. */
const TICK_MS = 20;

/** How long the loop is watched before the rate changes, in ms. */
const WATCH_MS = 100;

/**
 * Lets in as many handshakes as the loop can take beside everything else. When ten thousand come at once, some wait, and
 * others are answered 503 before anybody worked for them; they come back by themselves.
 */
export function paceHandshakes(onHandshake: OnHandshake = () => undefined, options: AdmissionOptions = {}) {
  const { burst, maxWaitMs, ...limits } = { ...defaults, ...options };
  // In the order in which they came.
  const waiting = new Set<Waiting>();
  let rate = limits.rate;
  let credit = burst;
  let countedAt = performance.now();
  /** When the loop was watched from, how late it came at most since then, in ms, and when it should come next. */
  let watch = { since: 0, lateMs: 0, due: 0 };
  let timer: NodeJS.Timeout | undefined;

  function count(): void {
    const now = performance.now();
    credit = Math.min(burst, credit + ((now - countedAt) * rate) / 1_000);
    countedAt = now;
  }

  function admit(letIn: LetIn): void {
    credit -= 1;
    onHandshake('admitted');
    letIn(null, true);
  }

  function tick(): void {
    adapt();
    count();
    for (const each of waiting) {
      if (credit < 1) break;
      waiting.delete(each);
      admit(each.letIn);
    }
    if (waiting.size > 0) return;
    clearInterval(timer);
    timer = undefined;
  }

  /** Only while somebody waits: before, it does not matter how busy the loop is. */
  function adapt(): void {
    const now = performance.now();
    const lateMs = Math.max(watch.lateMs, now - watch.due);
    watch = { ...watch, lateMs, due: now + TICK_MS };
    if (now - watch.since < WATCH_MS) return;
    rate = nextRate(rate, lateMs, limits);
    watch = { since: now, lateMs: 0, due: now + TICK_MS };
  }

  function wait(each: Waiting): void {
    waiting.add(each);
    // Who leaves meanwhile gives the place free. An error that nobody hears would end the process.
    each.req.socket.once('close', () => waiting.delete(each)).on('error', ignore);
    if (timer) return;
    timer = setInterval(tick, TICK_MS);
    const now = performance.now();
    watch = { since: now, lateMs: 0, due: now + TICK_MS };
  }

  return {
    /** For the option of Engine.IO. Asked once for each handshake, before anything else is done. */
    allowRequest(req: IncomingMessage, letIn: LetIn): void {
      count();
      if (waiting.size === 0 && credit >= 1) return admit(letIn);
      if (waiting.size < (rate * maxWaitMs) / 1_000) return wait({ req, letIn });
      onHandshake('refused');
      refuse(req, Math.ceil((waiting.size * 1_000) / rate));
    },

    /** Handshakes a second, as the loop is now. */
    get rate(): number {
      return rate;
    },

    /** How many wait. */
    get waiting(): number {
      return waiting.size;
    },

    /** Nobody who waits is let in any more. */
    stop(): void {
      clearInterval(timer);
      for (const { req } of waiting) refuse(req, 1_000);
      waiting.clear();
    },
  };
}

export type Handshakes = ReturnType<typeof paceHandshakes>;

/** A little more while the loop comes in time, much less when it does not. `lateMs`: how late it came at most, in ms. */
export function nextRate(
  rate: number,
  lateMs: number,
  { minRate, maxRate }: { minRate: number; maxRate: number },
): number {
  if (lateMs > 100) return Math.max(minRate, rate * 0.8);
  return lateMs < 50 ? Math.min(maxRate, rate * 1.05) : rate;
}

/** Engine.IO is told nothing of it, and keeps nothing. */
function refuse(req: IncomingMessage & { res?: ServerResponse }, retryMs: number): void {
  const error = comeBackIn(retryMs, 'unavailable', 'Too many connect at once. Connect again in a few seconds.');
  if (req.res) sendError(req.res, error);
  else refuseUpgrade(req.socket, error);
}

function ignore(): void {
  // Its `close` comes after it.
}
