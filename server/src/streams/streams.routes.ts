import { endpoints, formatDuration, parseSelector, type StreamInfo } from '@quantumflux/sdk/protocol';
import { changeStreamsRequest, listStreamsRequest } from '@quantumflux/sdk/protocol/schemas';
import { Router } from 'express';
import { route } from '../http/route.ts';
import type { Catalog } from './catalog.ts';
import { pick } from './pick.ts';
import { metaOf, type Stream } from './stream.ts';

/** What exists, who may see it and how long it is kept. */
export function streamRoutes({ catalog }: { catalog: Catalog }): Router {
  const router = Router();

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
      const streams = await pick(catalog, { selector: parseSelector(select), text: select }, caller);
      if (change.public !== undefined) await catalog.setPublic(streams, change.public);
      if (change.retention !== undefined) await catalog.setRetention(streams, change.retention);
      return { changed: streams.length };
    },
  );

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
