import { endpoints, QuantumFluxError } from '@quantumflux/sdk/protocol';
import { COLUMNS_TYPE, readColumns } from './columns.ts';
import { mediaType, type WriteRoute } from './format.ts';
import { parseJson, readPoints } from './json.ts';
import type { PointBatch } from './point-batch.ts';

const formats: Readonly<Record<string, (body: Buffer) => PointBatch>> = {
  'application/json': (body) => readPoints(parseJson(body)),
  [COLUMNS_TYPE]: readColumns,
};

/** `POST /api/v1/points`, our own way to write: all of it is stored, or nothing. */
export const pointsRoute: WriteRoute = {
  ...endpoints.writePoints,
  read(body, ask) {
    const type = mediaType(ask);
    // A form can be sent by any page without asking; these types cannot, so nothing else is read as if it were.
    const read = Object.hasOwn(formats, type) ? formats[type] : undefined;
    if (read) return { batch: read(body) };
    throw new QuantumFluxError(
      'unsupported_type',
      'The body must be JSON, sent with the header Content-Type: application/json.',
    );
  },
};
