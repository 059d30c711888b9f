import type { WriteRoute } from './format.ts';
import { influxRoutes } from './influx.ts';
import { otlpRoute } from './otlp.ts';
import { pointsRoute } from './points.ts';
import { remoteWriteRoute } from './remote-write.ts';
import { uploadRoute } from './upload.ts';

/** Every way to write points. */
export const writeRoutes: WriteRoute[] = [pointsRoute, uploadRoute, ...influxRoutes, otlpRoute, remoteWriteRoute];
