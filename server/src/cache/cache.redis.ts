import { connectRedisKeys } from '../bus/connection.redis.ts';
import type { RedisAddress } from '../bus/redis-address.ts';
import type { Cache } from './cache.ts';

/** Longest wait for Redis, in ms: what is cached can be found again in about that time. */
const PATIENCE_MS = 300;

/** The cache that servers share. While Redis is away, nothing is found in it; the bus tells of that. */
export function createRedisCache(address: RedisAddress, { prefix = 'quantumflux:cache:' } = {}): Cache {
  const redis = connectRedisKeys(address, { name: 'cache', patienceMs: PATIENCE_MS });
  return {
    async get(key, schema) {
      const json = await redis.get(prefix + key).catch(() => null);
      return json === null ? undefined : schema.safeParse(parse(json)).data;
    },
    async set(key, value, { ttlMs }) {
      await redis.set(prefix + key, JSON.stringify(value), 'PX', Math.max(1, Math.round(ttlMs))).catch(() => {});
    },
    async delete(key) {
      await redis.del(prefix + key).catch(() => {});
    },
    close: () => Promise.resolve(redis.disconnect()),
  };
}

function parse(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    // Somebody else wrote there.
    return undefined;
  }
}
