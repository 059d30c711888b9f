import { Redis } from 'ioredis';

export type ConnectionOptions = {
  /** For what; seen in CLIENT LIST. */
  name: string;
  /** Longest wait for an answer, in ms. */
  patienceMs: number;
};

/** A connection that fails fast and comes back by itself: nothing in Redis is worth waiting for. */
export function connectRedis(url: string, { name, patienceMs }: ConnectionOptions): Redis {
  const redis = new Redis(url, {
    connectionName: `quantumflux-${name}`,
    connectTimeout: 2_000,
    commandTimeout: patienceMs,
    // A way that swallows what is sent and never ends is closed after this; TCP itself would take a quarter of an hour.
    socketTimeout: Math.max(1_000, patienceMs),
    maxRetriesPerRequest: 1,
    enableOfflineQueue: false,
    autoResendUnfulfilledCommands: false,
    autoResubscribe: false,
    // Full jitter, so that servers do not come back all at once.
    retryStrategy: (attempt) => Math.random() * Math.min(2_000, 50 * 2 ** attempt),
  });
  // Every failure also fails a command or ends the connection, which is where it is dealt with.
  redis.on('error', () => {});
  return redis;
}
