import { RateLimiterMemory, RateLimiterRedis } from 'rate-limiter-flexible';
import { connectRedisKeys } from '../bus/connection.redis.ts';
import type { RedisAddress } from '../bus/redis-address.ts';
import { limitOf, type CreateLimit } from './limit.ts';

/** Longest wait for Redis, in ms; then the count of this server alone decides. */
const PATIENCE_MS = 300;

/** Limits that all servers count together. While Redis is away, each server counts for itself; the bus tells of that. */
export function openRedisLimits(
  address: RedisAddress,
  { prefix = 'quantumflux:limit:' } = {},
): { createLimit: CreateLimit; close: () => Promise<void> } {
  const redis = connectRedisKeys(address, { name: 'limits', patienceMs: PATIENCE_MS });
  return {
    createLimit({ name, most, perMs }) {
      const options = { keyPrefix: prefix + name, points: most, duration: perMs / 1_000 };
      const insuranceLimiter = new RateLimiterMemory(options);
      return limitOf(
        new RateLimiterRedis({ ...options, storeClient: redis, rejectIfRedisNotReady: true, insuranceLimiter }),
      );
    },
    close: () => Promise.resolve(redis.disconnect()),
  };
}
