import { createServer } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { Server } from 'socket.io';
import { createApp } from './app.ts';
import { assets } from './assets.ts';
import { authRoutes } from './auth/auth.routes.ts';
import { createAuthenticate } from './auth/authenticate.ts';
import { createBootstrapStore } from './auth/bootstrap.store.ts';
import { bootstrap } from './auth/bootstrap.ts';
import { createKeyService } from './auth/keys.service.ts';
import { createKeyStore } from './auth/keys.store.ts';
import { createLogin } from './auth/login.service.ts';
import { createPasswords } from './auth/passwords.ts';
import { createTokens } from './auth/tokens.ts';
import { createRightsStore } from './auth/rights.store.ts';
import { createUserStore } from './auth/users.store.ts';
import { createMemoryBus } from './bus/bus.memory.ts';
import { createRedisBus } from './bus/bus.redis.ts';
import { losing } from './bus/sabotage.ts';
import { createMemoryCache } from './cache/cache.memory.ts';
import { createRedisCache } from './cache/cache.redis.ts';
import { startFeeds, type Feeds } from './compose.feeds.ts';
import { composeStreams } from './compose.streams.ts';
import type { Config } from './config.ts';
import { openDatabase } from './database/database.ts';
import { startEmbeddedPostgres } from './database/embedded.postgres.ts';
import { healthRoutes } from './health/health.routes.ts';
import { createMetrics } from './health/metrics.ts';
import { startHostSource } from './host/host.source.ts';
import { bundleRoutes } from './http/bundle.routes.ts';
import { createClosing } from './http/closing.ts';
import { demoRoutes } from './http/demo.routes.ts';
import { createMemoryLimit } from './http/limit.memory.ts';
import { openRedisLimits } from './http/limit.redis.ts';
import { requestId } from './http/request-id.ts';
import { writeLog } from './http/request-log.ts';
import { requestMetrics, type ObserveRequest } from './http/request-metrics.ts';
import { routeUpgrades } from './http/upgrade.ts';
import { createAdmission } from './ingest/admission.ts';
import { agentsRoutes } from './ingest/agents.routes.ts';
import { startForgetting } from './ingest/forget-keys.ts';
import { createIdempotencyStore } from './ingest/idempotency.store.ts';
import { createIngestService } from './ingest/ingest.service.ts';
import { rememberCallers } from './ingest/known-callers.ts';
import { knownFirst } from './ingest/known-streams.ts';
import { pointsFirst } from './ingest/points.handler.ts';
import { sabotaged, sabotagedPatience, sabotagedQuestion } from './ingest/sabotage.ts';
import { sharing } from './ingest/sharing.ts';
import { startPointsSocket } from './ingest/socket/points.socket.ts';
import { createSourceMetrics } from './ingest/sources.metrics.ts';
import { paceHandshakes } from './live/admission.ts';
import { drainSockets } from './live/drain.ts';
import { startLiveGateway } from './live/live.gateway.ts';
import { sabotagedLive, sabotagedOptions } from './live/sabotage.ts';
import type { LiveServer } from './live/socket.ts';
import type { Log } from './log.ts';
import { loadSecrets } from './secrets.ts';
import { intervalFor, thin } from './streams/downsample.ts';
import { queryRoutes } from './streams/query/query.routes.ts';
import { partitionOf } from './streams/stream.ts';
import { streamRoutes } from './streams/streams.routes.ts';
import { version } from './version.ts';

/** How long all may take that is done for those who are connected, before the rest of them is cut off, in ms. */
const CLOSING_MS = 20_000;

/** Builds the whole server. The only place where one part learns of another. */
export async function compose(config: Config, log: Log) {
  const stops: (() => unknown)[] = [];
  /** Later parts stand on earlier ones, so they end first. */
  const stopAll = async () => {
    for (const stop of stops.splice(0).reverse()) await stop();
  };
  try {
    return await build(config, { log, onStop: (stop) => void stops.push(stop), stopAll });
  } catch (error) {
    await stopAll();
    throw error;
  }
}

type Building = { log: Log; onStop: (stop: () => unknown) => void; stopAll: () => Promise<void> };

async function build(config: Config, { log, onStop, stopAll }: Building) {
  // What the features stand on.
  const secrets = await loadSecrets(config);
  const databaseUrl = config.DATABASE_URL ?? (await embeddedUrl());
  const database = await openDatabase({
    url: databaseUrl,
    replicaUrls: config.DATABASE_REPLICA_URLS ?? [],
    migrationsDir: assets.migrations,
    log,
  });
  onStop(database.close);
  const wholeBus = config.REDIS_URL ? createRedisBus(config.REDIS_URL, { log }) : createMemoryBus(log);
  const bus = losing(wholeBus, config.LOSE_HINTS);
  onStop(bus.close);
  const cache = config.REDIS_URL ? createRedisCache(config.REDIS_URL) : createMemoryCache();
  onStop(cache.close);
  const limits = config.REDIS_URL
    ? openRedisLimits(config.REDIS_URL)
    : { createLimit: createMemoryLimit, close: () => undefined };
  onStop(limits.close);
  const metrics = createMetrics();

  async function embeddedUrl(): Promise<string> {
    const { url, stop } = await startEmbeddedPostgres({ dir: config.DATA_DIR, log });
    onStop(stop);
    return url;
  }

  // Auth.
  const passwords = createPasswords({ pepper: secrets.passwordPepper });
  const tokens = createTokens({ secret: secrets.tokenSecret });
  const users = createUserStore(database.prisma);
  const keys = createKeyStore(database.prisma);
  const authenticate = createAuthenticate({ tokens, users, keys, cache });
  const { organizationId, created } = await bootstrap({
    store: createBootstrapStore(database.prisma),
    passwords,
    secretKey: config.BOOTSTRAP_SECRET_KEY,
  });

  // Streams, and points on their way in.
  const { catalog, journal, followed, recent, history, queries } = await composeStreams({
    config,
    log,
    database,
    bus,
    cache,
    metrics,
    onStop,
  });
  const idempotency = createIdempotencyStore(database.pool);
  onStop(startForgetting(idempotency, { log }));
  const ingest = createIngestService(
    sabotaged(
      {
        ensureStreams: knownFirst({ ensure: catalog.ensure, get: catalog.get }),
        partitionOf,
        appendToJournal: journal.append,
        idempotency,
        bus,
        log,
        onCommit({ points, entries }) {
          metrics.pointsIngested.inc(points);
          metrics.journalCommits.inc(entries);
        },
      },
      config.SABOTAGE,
    ),
  );
  onStop(ingest.drain);

  // Edges.
  let isStopping = false;
  const sources = createSourceMetrics(metrics.registry);
  let feeds: Feeds = new Map();
  const observe: ObserveRequest = (labels, seconds) => metrics.requests.observe(labels, seconds);
  const app = createApp({
    authenticate,
    log,
    observe,
    features: [
      healthRoutes(
        {
          version,
          database: config.isEmbedded ? 'embedded' : 'external',
          askDatabase: database.isUp,
          durability: database.durability,
          bus: config.REDIS_URL ? 'redis' : 'memory',
          busUp: bus.isUp,
          sources: () => Object.fromEntries([...feeds].map(([name, { isUp }]) => [name, isUp()])),
          isStopping: () => isStopping,
        },
        metrics,
      ),
      bundleRoutes({ file: assets.sdk }),
      authRoutes({
        login: createLogin({ users, passwords, tokens, createLimit: limits.createLimit }),
        keys: createKeyService({ keys, cache, bus }),
        users,
      }),
      agentsRoutes({ version }),
      streamRoutes({ catalog }),
      queryRoutes({ catalog, queries }),
      demoRoutes({ directory: assets.demo }),
    ],
  });
  const writers = await rememberCallers(
    sharing(authenticate, ({ bearer, origin }) => JSON.stringify([bearer, origin])),
    bus,
  );
  onStop(writers.stop);
  const admission = createAdmission();
  const http = createServer(
    pointsFirst(
      {
        authenticate: sabotagedQuestion(writers.authenticate, config.SABOTAGE),
        admission,
        ingest,
        patienceMs: sabotagedPatience(config.SABOTAGE),
        log,
        steps: [requestId, writeLog(log), requestMetrics(observe)],
      },
      app,
    ),
  );
  // Slow senders do not hold a connection for ever; balancers keep theirs a minute.
  Object.assign(http, { headersTimeout: 10_000, requestTimeout: 30_000, keepAliveTimeout: 65_000 });

  const viewers = paceHandshakes((outcome) => metrics.handshakes.inc({ outcome }));
  const io: LiveServer = new Server(http, {
    allowRequest: viewers.allowRequest,
    cors: { origin: '*' },
    serveClient: false,
    perMessageDeflate: false,
    maxHttpBufferSize: 64 * 1_024,
    // It would end every upgrade of others that takes more than a second.
    destroyUpgrade: false,
  });
  const pointsSocket = await startPointsSocket({
    authenticate: writers.authenticate,
    admission,
    ingest,
    bus,
    log,
    count: sources.countFor('websocket'),
    sockets: sources.writeSockets,
  });
  routeUpgrades(http, { routes: { [pointsSocket.path]: pointsSocket.upgrade }, others: ['/socket.io/'] });
  const stopLive = await startLiveGateway(
    sabotagedLive(
      {
        io,
        bus,
        log,
        authenticate,
        rights: createRightsStore(database.pool).of,
        catalog,
        journal: followed,
        history: history.history,
        recent,
        intervalFor,
        thin,
        partitionOf,
        metrics,
      },
      config.SABOTAGE,
    ),
    // What comes over the network comes for those who see it; in the process it costs nothing, and others use it too.
    { follow: config.REDIS_URL ? 'watched' : 'all', ...sabotagedOptions(config.SABOTAGE) },
  );
  const closing = createClosing(http, { stays: '/socket.io/' });
  feeds = startFeeds(config, (name) => ({ ingest, organization: organizationId, log, count: sources.countFor(name) }));
  for (const { stop } of feeds.values()) onStop(stop);
  const stopHost = config.HOST_METRICS
    ? startHostSource({ append: async (batch) => void (await ingest.append(organizationId, batch)), log })
    : () => undefined;
  onStop(stopLive);
  onStop(viewers.stop);
  // Before Socket.io, which waits until no connection is left.
  onStop(pointsSocket.stop);
  onStop(stopHost);

  return {
    http,
    /** The owner's password, at the very first start; nobody is told again. */
    created,
    /**
     * Lets balancers know, sends those who are connected elsewhere, answers what was asked, and stores what was taken.
     * When `hurry` fires, only the last two.
     */
    async close({ hurry }: { hurry?: AbortSignal } = {}): Promise<void> {
      const since = performance.now();
      isStopping = true;
      closing.begin();
      await sleep(config.DRAIN_WAIT, undefined, { ...(hurry && { signal: hurry }) }).catch(() => undefined);
      closing.refuseSockets();
      // Where there is no other server, they had better stay to the end.
      if (!config.isEmbedded) await drainSockets(io, { ...(hurry && { hurry }) });
      await closing.finish({ patienceMs: Math.max(1_000, CLOSING_MS - (performance.now() - since)) });
      await stopAll();
    },
  };
}
