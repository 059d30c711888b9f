import { endpoints, QuantumFluxError, type ErrorCode } from '@quantumflux/sdk/protocol';
import type { Ask, Refused, Words, WriteRoute } from './format.ts';
import { readLines } from './line-protocol.ts';
import { precisions, type Precision } from './line-scanner.ts';

// Its clients know 503 as the one that passes, and heed its Retry-After; 507 is not among its answers
// (https://docs.influxdata.com/influxdb/v2/api/v2/#operation/PostWrite).
const statuses: WriteRoute['statuses'] = { storage_full: 503 };

/** `POST /api/v2/write` of InfluxDB, and `/write` of its version 1. Where points go, the key says: bucket and org count nothing. */
export const influxRoutes: WriteRoute[] = [endpoints.writeInflux, endpoints.writeInfluxV1].map((endpoint) => ({
  ...endpoint,
  read: (body, { query }) => readLines(body, { precision: precisionOf(query), now: Date.now() }),
  isPartial: true,
  refuse: influxWords,
  statuses,
}));

/** What InfluxDB calls its errors. Telegraf splits a batch that is too large, and keeps one that is unauthorized. */
const codes: Partial<Record<ErrorCode, string>> = {
  invalid_input: 'invalid',
  unsupported_type: 'invalid',
  unauthenticated: 'unauthorized',
  too_large: 'request too large',
  rate_limited: 'too many requests',
  storage_full: 'unavailable',
  internal: 'internal error',
};

function influxWords(error: QuantumFluxError, _ask: Ask, refused?: Refused): Words {
  const body = {
    code: codes[error.code] ?? error.code.replaceAll('_', ' '),
    message: error.message,
    ...(refused?.line === undefined ? {} : { line: refused.line }),
  };
  return { type: 'application/json; charset=utf-8', body: JSON.stringify(body) };
}

function precisionOf(query: URLSearchParams): Precision {
  const name = query.get('precision') ?? 'ns';
  if (Object.hasOwn(precisions, name)) return precisions[name]!;
  const known = Object.keys(precisions).join(', ');
  throw new QuantumFluxError('invalid_input', `precision must be one of ${known}.`, { path: 'precision' });
}
