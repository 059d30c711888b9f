import { endpoints, parseSelector, QuantumFluxError } from '@quantumflux/sdk/protocol';
import { queryRequest } from '@quantumflux/sdk/protocol/schemas';
import { Router, type Request } from 'express';
import { Content } from '../../http/content.ts';
import { whenLeaving } from '../../http/leaving.ts';
import { route } from '../../http/route.ts';
import type { Catalog } from '../catalog.ts';
import { pick } from '../pick.ts';
import { formats, typeOf, type Format } from './answer.ts';
import { at, questionOf } from './question.ts';
import type { Queries } from './query.service.ts';

/** Points of a time range as a chart wants them, in JSON, CSV or binary columns. */
export function queryRoutes({ catalog, queries }: { catalog: Pick<Catalog, 'select'>; queries: Queries }): Router {
  const router = Router();

  route(router, endpoints.query, queryRequest, 'streams.read', async ({ select, ...asked }, caller, { req, res }) => {
    const signal = whenLeaving(res);
    res.vary('Accept');
    const format = formatOf(req);
    const question = questionOf(asked, Date.now());
    const selector = at('select', () => parseSelector(select));
    const streams = await pick(catalog, { selector, text: select }, caller);
    const { organization, publicOnly } = caller;
    const query = { viewer: { organization, publicOnly }, streams, question, format };
    return new Content(typeOf[format], await queries.answer(query, signal));
  });

  return router;
}

/** The best of what the caller accepts; without a wish, JSON. */
function formatOf(req: Request): Format {
  const types = Object.keys(formats);
  const best = req.accepts(types);
  if (best !== false) return formats[best]!;
  throw new QuantumFluxError('not_acceptable', `A query is answered as ${types.join(', ')}. Accept one of them.`);
}
