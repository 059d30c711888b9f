import { Cluster, Redis, type RedisOptions } from 'ioredis';
import { anyOf, ToMaster } from './connectors.redis.ts';
import type { RedisAddress } from './redis-address.ts';

export type ConnectionOptions = {
  /** For what; seen in CLIENT LIST. */
  name: string;
  /** Longest wait for an answer, in ms. */
  patienceMs: number;
};

/** Longest wait for a connection, in ms. */
const CONNECT_MS = 2_000;

/** How often a command is sent to another member of a cluster, and how long it waits before it is, in ms. */
const DETOURS = 3;
const DETOUR_MS = 50;

/**
 * A connection that fails fast and comes back by itself: nothing in Redis is worth waiting for. To the master that
 * sentinels name; in a cluster to any member of it, to another one each time, which is right for what is published.
 */
export function connectRedis(address: RedisAddress, options: ConnectionOptions): Redis {
  const { form, nodes } = address;
  const redis = new Redis({
    ...optionsFor(address, options),
    ...(form.is === 'sentinel' ? sentinelsOf(address, form.master) : { Connector: anyOf(nodes) }),
    retryStrategy: retryIn,
  });
  // Every failure also fails a command or ends the connection, which is where it is dealt with.
  redis.on('error', () => {});
  return redis;
}

/** The same for commands about keys, which in a cluster go to the members that have them. */
export function connectRedisKeys(address: RedisAddress, options: ConnectionOptions): Redis | Cluster {
  if (address.form.is !== 'cluster') return connectRedis(address, options);
  const cluster = new Cluster([...address.nodes], {
    redisOptions: { ...optionsFor(address, options), Connector: anyOf() },
    enableOfflineQueue: false,
    maxRedirections: DETOURS,
    retryDelayOnFailover: DETOUR_MS,
    retryDelayOnClusterDown: DETOUR_MS,
    retryDelayOnTryAgain: DETOUR_MS,
    slotsRefreshTimeout: CONNECT_MS,
    clusterRetryStrategy: retryIn,
  });
  cluster.on('error', () => {});
  return cluster;
}

function sentinelsOf(address: RedisAddress, master: string) {
  const tls = tlsOf(address);
  return {
    Connector: ToMaster,
    name: master,
    sentinels: [...address.nodes],
    ...(address.sentinelPassword !== undefined && { sentinelPassword: address.sentinelPassword }),
    ...(tls && { sentinelTLS: tls, enableTLSForSentinelMode: true }),
    sentinelCommandTimeout: CONNECT_MS,
    // Without one the connection is given up for ever when no sentinel knows a master, as in a failover.
    sentinelRetryStrategy: retryIn,
  } satisfies RedisOptions;
}

function optionsFor(address: RedisAddress, { name, patienceMs }: ConnectionOptions) {
  const { username, password, db } = address;
  const tls = tlsOf(address);
  return {
    connectionName: `quantumflux-${name}`,
    ...(username !== undefined && { username }),
    ...(password !== undefined && { password }),
    db,
    ...(tls && { tls }),
    connectTimeout: CONNECT_MS,
    commandTimeout: patienceMs,
    // A way that swallows what is sent and never ends is closed after this; TCP itself would take a quarter of an hour.
    socketTimeout: Math.max(1_000, patienceMs),
    maxRetriesPerRequest: 1,
    enableOfflineQueue: false,
    autoResendUnfulfilledCommands: false,
    autoResubscribe: false,
  } satisfies RedisOptions;
}

/** Said here, so that no setting of the whole process lets in those who cannot prove who they are. */
function tlsOf({ tls }: RedisAddress) {
  return tls && { rejectUnauthorized: true, ...(tls.ca !== undefined && { ca: tls.ca }) };
}

/** Full jitter, so that servers do not come back all at once; in ms. */
function retryIn(attempt: number): number {
  return Math.random() * Math.min(2_000, 50 * 2 ** attempt);
}
