import { Router, type Request } from 'express';
import { demand } from '../http/caller.ts';
import { callerOf } from '../http/route.ts';
import type { Metrics } from './metrics.ts';
import { createCheckup, type Vitals } from './vitals.ts';

/** Whether the server lives, whether it wants requests, and what it counts; for people, balancers and Prometheus. */
export function healthRoutes(vitals: Vitals, { registry }: Pick<Metrics, 'registry'>): Router {
  const router = Router();
  const { databaseUp, reasonsNotReady } = createCheckup(vitals);

  // 200 as long as the process answers: restarting it would not bring the database back.
  router.get('/health', async (_req, res) => {
    const isUp = await databaseUp();
    const sources = vitals.sources();
    const areSourcesUp = Object.values(sources).every((isUp) => isUp);
    const isWell = isUp && vitals.busUp() && areSourcesUp && vitals.durability === 'local';
    res.set('Cache-Control', 'no-store').json({
      status: isWell ? 'ok' : 'degraded',
      version: vitals.version,
      uptimeSeconds: Math.floor(process.uptime()),
      database: vitals.database,
      databaseUp: isUp,
      durability: vitals.durability,
      bus: vitals.bus,
      busUp: vitals.busUp(),
      sources,
    });
  });

  router.get('/ready', async (_req, res) => {
    const reasons = await reasonsNotReady();
    const isReady = reasons.length === 0;
    res
      .status(isReady ? 200 : 503)
      .set('Cache-Control', 'no-store')
      .json(isReady ? { ready: true } : { ready: false, reasons });
  });

  router.get('/metrics', async (req, res) => {
    if (!isFromThisMachine(req)) demand(await callerOf(req), 'keys.manage');
    res
      .set('Cache-Control', 'no-store')
      .type(registry.contentType)
      .send(await registry.metrics());
  });

  return router;
}

// A proxy on this machine, and a page in a browser on it, come from here too, on behalf of someone else.
function isFromThisMachine({ socket, headers }: Request): boolean {
  const isLoopback = /^(127\.|::1$|::ffff:127\.)/.test(socket.remoteAddress ?? '');
  const isLocalName = /^(localhost|127\.0\.0\.1|\[::1\])(:\d+)?$/.test(headers.host ?? '');
  const isForSomeoneElse = ['x-forwarded-for', 'forwarded', 'via', 'origin', 'sec-fetch-site'].some(
    (name) => name in headers,
  );
  return isLoopback && isLocalName && !isForSomeoneElse;
}
