import { QuantumFluxError } from '@quantumflux/sdk/protocol';
import compression from 'compression';
import cors from 'cors';
import express, { type Express, type RequestHandler, type Router } from 'express';
import helmet from 'helmet';
import type { Authenticate } from './http/caller.ts';
import { errorHandler } from './http/errors.ts';
import { requestId } from './http/request-id.ts';
import { requestLog } from './http/request-log.ts';
import { requestMetrics, type ObserveRequest } from './http/request-metrics.ts';
import { identify } from './http/route.ts';
import type { Log } from './log.ts';

export type AppOptions = {
  /** What the app serves, asked in this order. */
  features: Router[];
  authenticate: Authenticate;
  log: Log;
  observe: ObserveRequest;
  /** How many proxies in front of the server say truly who is behind them. Default: none, their headers count nothing. */
  proxies?: number;
};

/** The HTTP side: what every request passes, in this order. */
export function createApp({ features, authenticate, log, observe, proxies = 0 }: AppOptions): Express {
  const app = express();
  app.disable('x-powered-by');
  // Answers of the API are not kept by anyone, so nobody needs a hash of them.
  app.disable('etag');
  app.set('trust proxy', proxies);

  app.use(requestId);
  app.use(requestLog(log));
  app.use(requestMetrics(observe));
  app.use(helmet(headers));
  app.use(cors(crossOrigin));
  app.use(compression());
  app.use(identify(authenticate));
  for (const feature of features) app.use(feature);
  app.use(nothingHere);
  app.use(errorHandler(log));
  return app;
}

const headers: Parameters<typeof helmet>[0] = {
  contentSecurityPolicy: {
    // Without upgrade-insecure-requests, a default of helmet: a server on localhost or in a plant has plain HTTP.
    useDefaults: false,
    directives: {
      defaultSrc: ["'self'"],
      connectSrc: ["'self'", 'ws:', 'wss:'],
      styleSrc: ["'self'"],
      imgSrc: ["'self'", 'data:'],
      baseUri: ["'none'"],
      objectSrc: ["'none'"],
      frameAncestors: ["'self'"],
    },
  },
  // Whoever adds TLS in front decides this; helmet's default would bind every subdomain of the operator for a year.
  strictTransportSecurity: false,
};

// Charts live in other people's pages, so every origin may ask. What it gets depends on its key or token alone: no
// cookie is ever sent along.
const crossOrigin: cors.CorsOptions = {
  origin: '*',
  methods: ['GET', 'POST', 'PATCH', 'DELETE'],
  allowedHeaders: ['Authorization', 'Content-Type', 'Content-Encoding', 'Idempotency-Key', 'X-Request-Id'],
  exposedHeaders: ['X-Request-Id', 'Retry-After'],
  maxAge: 3_600,
};

const nothingHere: RequestHandler = () => {
  throw new QuantumFluxError('not_found', 'There is nothing at this address.');
};
