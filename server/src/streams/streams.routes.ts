import {
  endpoints,
  formatDuration,
  QuantumFluxError,
  resolveTime,
  type QuerySeries,
  type StreamInfo,
} from '@quantumflux/sdk/protocol';
import { changeStreamsRequest, listStreamsRequest, queryRequest } from '@quantumflux/sdk/protocol/schemas';
import { Router } from 'express';
import type { Caller } from '../http/caller.ts';
import { route } from '../http/route.ts';
import type { Catalog } from './catalog.ts';
import type { ReadHistory } from './history.ts';
import { readForWidth, type Drawable } from './pixels.ts';
import { metaOf, type Stream } from './stream.ts';

/** What exists, what it says, who may see it and how long it is kept. */
export function streamRoutes({ catalog, history }: { catalog: Catalog; history: ReadHistory }): Router {
  const router = Router();

  async function pick(select: string, caller: Caller): Promise<Stream[]> {
    const streams = await catalog.select(select, caller);
    if (streams.length > 0) return streams;
    throw new QuantumFluxError(
      'not_found',
      `No stream matches ${select}. A stream exists once a point was written to it.`,
    );
  }

  route(router, endpoints.listStreams, listStreamsRequest, 'streams.read', async ({ select }, caller) => {
    const streams = await catalog.select(select, caller);
    return { streams: streams.map(infoOf) };
  });

  route(
    router,
    endpoints.changeStreams,
    changeStreamsRequest,
    'streams.change',
    async ({ select, ...change }, caller) => {
      const streams = await pick(select, caller);
      if (change.public !== undefined) await catalog.setPublic(streams, change.public);
      if (change.retention !== undefined) await catalog.setRetention(streams, change.retention);
      return { changed: streams.length };
    },
  );

  route(router, endpoints.query, queryRequest, 'streams.read', async ({ select, width, ...range }, caller) => {
    const now = Date.now();
    const [from, to] = [resolveTime(range.from, now), resolveTime(range.to, now)];
    if (from >= to) throw new QuantumFluxError('invalid_input', 'from must be before to.', { path: 'from' });
    const streams = await pick(select, caller);
    const ids = streams.map(({ id }) => id);
    const drawn = await readForWidth(history, ids, { from, to, width });
    return { streams: streams.map((stream) => seriesOf(stream, drawn.get(stream.id)!)) };
  });

  return router;
}

function infoOf(stream: Stream): StreamInfo {
  const { key, public: isPublic, retentionMs } = stream;
  return {
    ...metaOf(stream),
    key,
    public: isPublic,
    retention: retentionMs === null ? null : formatDuration(retentionMs),
  };
}

function seriesOf(stream: Stream, drawn: Drawable): QuerySeries {
  const { id: _, ...meta } = metaOf(stream);
  if (drawn.is === 'points') {
    return { ...meta, resolution: 'raw', t: [...drawn.columns.times], v: [...drawn.columns.values] };
  }
  const { t, min, max, first, last, sum, count } = drawn.rollup;
  return {
    ...meta,
    resolution: formatDuration(drawn.intervalMs),
    t: [...t],
    min: [...min],
    max: [...max],
    first: [...first],
    last: [...last],
    avg: Array.from(sum, (each, i) => each / count[i]!),
    count: [...count],
  };
}
