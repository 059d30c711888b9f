import { Router } from 'express';

/** Agents compare this with what they know of InfluxDB; the first version that takes `/api/v2/write`. */
const INFLUX_VERSION = '2.0.0';

/** What agents of InfluxDB ask before they send: whether somebody is there. Who they are is asked when they write. */
export function agentsRoutes({ version }: { version: string }): Router {
  const router = Router();
  // Express answers HEAD with it, too.
  router.get('/ping', (_req, res) => {
    res.set('X-Influxdb-Version', `${INFLUX_VERSION} (QuantumFlux ${version})`).status(204).end();
  });
  return router;
}
