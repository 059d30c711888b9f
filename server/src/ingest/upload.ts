import { endpoints, QuantumFluxError } from '@quantumflux/sdk/protocol';
import { mediaType, type Reading, type WriteRoute } from './format.ts';
import { pointsOfTable } from './table-streams.ts';
import { readCsv, readNdjson, type Table } from './table.ts';

/** How many streams an answer describes; a file of measurements has a handful. */
const MAX_DESCRIBED = 100;

const formats: Readonly<Record<string, (body: Buffer) => Table>> = {
  'text/csv': readCsv,
  'application/x-ndjson': readNdjson,
  'application/jsonl': readNdjson,
};

/** `POST /api/v1/points/upload`, files that people have. With `preview=1` it says what would be made of one. */
export const uploadRoute: WriteRoute = {
  ...endpoints.uploadPoints,
  read(body, ask) {
    const { query } = ask;
    const type = mediaType(ask);
    const read = Object.hasOwn(formats, type) ? formats[type] : undefined;
    if (!read) {
      throw new QuantumFluxError('unsupported_type', `The Content-Type must be ${Object.keys(formats).join(', or ')}.`);
    }
    const batch = pointsOfTable(read(body), {
      stream: query.get('stream') ?? undefined,
      time: query.get('time') ?? undefined,
      tags: query.get('tags')?.split(',') ?? [],
    });
    return { batch, isPreview: query.get('preview') === '1' };
  },
  answer: (reading) => ({ type: 'application/json; charset=utf-8', body: JSON.stringify(describe(reading)) }),
};

function describe({ batch: { streams, points }, isPreview }: Reading): object {
  return {
    stored: !isPreview,
    points,
    streamCount: streams.length,
    streams: streams.slice(0, MAX_DESCRIBED).map(({ stream, tags, key, columns: { times } }) => ({
      stream,
      tags,
      key,
      points: times.length,
      from: new Date(times.reduce((a, b) => Math.min(a, b))).toISOString(),
      to: new Date(times.reduce((a, b) => Math.max(a, b))).toISOString(),
    })),
  };
}
