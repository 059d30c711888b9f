import { Redis } from 'ioredis';
import { RateLimiterMemory, RateLimiterRedis } from 'rate-limiter-flexible';
import { limitOf, type CreateLimit } from './limit.ts';

/** Limits that all servers count together. While Redis is away, each server counts for itself. */
export function openRedisLimits(url: string): { createLimit: CreateLimit; close: () => Promise<void> } {
  // A sign-in is not worth a long wait: after this, the limit of this server alone decides.
  const redis = new Redis(url, { commandTimeout: 300, maxRetriesPerRequest: 1, connectionName: 'quantumflux-limits' });
  // The bus tells of it when Redis is away; ioredis only wants somebody to listen.
  redis.on('error', () => {});

  return {
    createLimit({ name, most, perMs }) {
      const options = { keyPrefix: `quantumflux:limit:${name}`, points: most, duration: perMs / 1_000 };
      const insuranceLimiter = new RateLimiterMemory(options);
      return limitOf(
        new RateLimiterRedis({ ...options, storeClient: redis, rejectIfRedisNotReady: true, insuranceLimiter }),
      );
    },
    close: () => Promise.resolve(redis.disconnect()),
  };
}
