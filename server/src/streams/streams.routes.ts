import { endpoints, parseSelector } from '@quantumflux/sdk/protocol';
import { changeStreamsRequest, listStreamsRequest } from '@quantumflux/sdk/protocol/schemas';
import { Router } from 'express';
import { route } from '../http/route.ts';
import type { Catalog } from './catalog.ts';
import { pick } from './pick.ts';
import { metaOf } from './stream.ts';

/** What exists, and who may see it. */
export function streamRoutes({ catalog }: { catalog: Catalog }): Router {
  const router = Router();

  route(router, endpoints.listStreams, listStreamsRequest, 'streams.read', async ({ select }, caller) => {
    const streams = await catalog.select(select, caller);
    return { streams: streams.map((stream) => ({ ...metaOf(stream), key: stream.key, public: stream.public })) };
  });

  route(
    router,
    endpoints.changeStreams,
    changeStreamsRequest,
    'streams.change',
    async ({ select, ...change }, caller) => {
      const streams = await pick(catalog, { selector: parseSelector(select), text: select }, caller);
      await catalog.setPublic(streams, change.public);
      return { changed: streams.length };
    },
  );

  return router;
}
