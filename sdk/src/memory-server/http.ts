import {
  endpoints,
  matcherOf,
  parseSelector,
  QuantumFluxError,
  resolveTime,
  streamKey,
  type ErrorCode,
  type Point,
  type QueryResult,
  type StreamInfo,
  type StreamWrite,
} from '../protocol/index.ts';
import type { Journal } from './journal.ts';
import { toError } from './replies.ts';
import { intervalFor, thin } from './thin.ts';

export type HttpPorts = {
  journal: Journal;
  /** Refuses a credential by throwing. */
  admit: (bearer: string | undefined) => void;
  write: (write: StreamWrite) => void;
  now: () => number;
};

/** Answers the part of the HTTP API that clients use: writing, querying pictures, and listing streams. */
export function createHttp({ journal, admit, write, now }: HttpPorts): (request: Request) => Promise<Response> {
  async function answer(request: Request): Promise<Response> {
    const { pathname, searchParams } = new URL(request.url);
    admit(request.headers.get('authorization')?.replace(/^Bearer /, ''));
    const is = ({ method, path }: { method: string; path: string }) =>
      request.method === method && pathname.endsWith(path);
    if (is(endpoints.writePoints)) {
      for (const each of readWrites(await request.json())) write(each);
      return new Response(null, { status: 204 });
    }
    if (is(endpoints.query)) return Response.json(query(searchParams));
    if (is(endpoints.listStreams)) return Response.json({ streams: list(searchParams.get('select') ?? '*') });
    throw new QuantumFluxError('not_found', `The server in memory has no ${request.method} ${pathname}.`);
  }

  function query(asked: URLSearchParams): QueryResult {
    if (asked.has('fn'))
      throw new QuantumFluxError('invalid_input', 'The server in memory knows no functions; ask without fn.', {
        path: 'fn',
      });
    const select = asked.get('select') ?? '';
    const from = resolveTime(asked.get('from') ?? '-15m', now());
    const to = resolveTime(asked.get('to') ?? 'now', now());
    const width = Number(asked.get('width') ?? 1_000);
    const picked = journal.streams.filter(matcherOf(parseSelector(select)));
    if (picked.length === 0)
      throw new QuantumFluxError('not_found', `No stream matches ${select}.`, { path: 'select' });
    const streams = picked.map((meta) => {
      const { stream, tags, unit, kind } = meta;
      const all = journal.points(meta, { from, to });
      // Always raw: of each interval the points that are its statistics on the real server.
      const points = all.length <= 4 * width ? all : thin(all, intervalFor(to - from, width), { withEnds: true });
      return {
        stream,
        tags,
        unit,
        kind,
        resolution: 'raw' as const,
        t: points.map(([t]) => t),
        v: points.map(([, v]) => v),
      };
    });
    return { streams };
  }

  function list(select: string): StreamInfo[] {
    const matching = journal.streams.filter(matcherOf(parseSelector(select)));
    return matching.map((stream) => ({ ...stream, key: streamKey(stream), public: true, retention: null }));
  }

  return async (request) => {
    try {
      return await answer(request);
    } catch (cause) {
      const error = toError(cause);
      return Response.json({ error: error.toBody() }, { status: statuses[error.code] ?? 400 });
    }
  };
}

const statuses: Partial<Record<ErrorCode, number>> = {
  unauthenticated: 401,
  forbidden: 403,
  not_found: 404,
  rate_limited: 429,
  internal: 500,
  unavailable: 503,
  storage_full: 507,
};

/** All of them are right, or none is taken. */
function readWrites(body: unknown): StreamWrite[] {
  const writes = (body as { streams?: unknown }).streams ?? [body];
  if (!Array.isArray(writes))
    throw new QuantumFluxError('invalid_input', 'streams must be a list.', { path: 'streams' });
  return (writes as StreamWrite[]).map((write, i) => {
    const wrong = mistakeIn(write);
    if (wrong === undefined) return write;
    throw new QuantumFluxError('invalid_input', `streams.${i}.${wrong}`, {
      path: `streams.${i}.${wrong.split(':')[0]}`,
    });
  });
}

function mistakeIn({ stream, points }: StreamWrite): string | undefined {
  if (typeof stream !== 'string' || !/^[a-z_][\w.:/-]*$/i.test(stream)) return 'stream: must look like host.cpu.load.';
  if (!Array.isArray(points) || points.length === 0) return 'points: must be a list with at least one point.';
  const wrong = (points as Point[]).findIndex((point) => !Array.isArray(point) || !point.every(Number.isFinite));
  return wrong < 0 ? undefined : `points.${wrong}: must be [time in ms, value], both finite.`;
}
