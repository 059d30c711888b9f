import type { Redis } from 'ioredis';
import { RateLimiterMemory, RateLimiterRedis } from 'rate-limiter-flexible';
import { limitOf, type CreateLimit } from './limit.ts';

/** Limits that all servers count together. While Redis is away, each server counts for itself. */
export function createRedisLimit(redis: Redis): CreateLimit {
  return ({ name, most, perMs }) => {
    const options = { keyPrefix: `limit:${name}`, points: most, duration: perMs / 1_000 };
    const insuranceLimiter = new RateLimiterMemory(options);
    return limitOf(new RateLimiterRedis({ ...options, storeClient: redis, rejectIfRedisNotReady: true, insuranceLimiter }));
  };
}
