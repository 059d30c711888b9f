import { type RateLimiterAbstract, RateLimiterRes } from 'rate-limiter-flexible';
import { comeBackIn } from './errors.ts';

/** How often something may be done. */
export interface Limit {
  /** Counts one more time. Above the limit: `rate_limited`, saying when to come back. */
  take(key: string): Promise<void>;

  /** Forgets what was counted. */
  reset(key: string): Promise<void>;
}

export type LimitOptions = {
  /** Keeps the counts of different limits apart. */
  name: string;
  /** How many times, within `perMs` from the first. */
  most: number;
  perMs: number;
};

/** Makes limits, in this process or shared by all servers. */
export type CreateLimit = (options: LimitOptions) => Limit;

/** The library's limiter as the port that we need. */
export function limitOf(limiter: RateLimiterAbstract): Limit {
  return {
    async take(key) {
      try {
        await limiter.consume(key);
      } catch (cause) {
        if (!(cause instanceof RateLimiterRes)) throw cause;
        const seconds = Math.max(1, Math.ceil(cause.msBeforeNext / 1_000));
        throw comeBackIn(seconds * 1_000, 'rate_limited', `That was too often. Try again in ${seconds} s.`);
      }
    },
    async reset(key) {
      await limiter.delete(key);
    },
  };
}
