import { infoOf, type Step } from './request-id.ts';

/** Told of every answer. `route` is the endpoint's path, or `other`; `status` is 499 when the caller left before. */
export type ObserveRequest = (labels: { method: string; route: string; status: number }, seconds: number) => void;

/** Measures how long each request takes, until its last byte is handed over. */
export function requestMetrics(observe: ObserveRequest): Step {
  return (req, res, next) => {
    const start = performance.now();
    const info = infoOf(req);
    res.once('close', () => {
      const labels = {
        method: req.method ?? '',
        route: info?.route ?? 'other',
        status: res.writableFinished ? res.statusCode : 499,
      };
      observe(labels, (performance.now() - start) / 1_000);
    });
    next();
  };
}
