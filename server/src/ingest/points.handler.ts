import { MAX_WRITE_BYTES } from '@quantumflux/sdk/protocol';
import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import { demand, type Authenticate } from '../http/caller.ts';
import { infoOf, type Step } from '../http/request-id.ts';
import type { Log } from '../log.ts';
import type { Admission } from './admission.ts';
import { agentCredentials } from './agent-credentials.ts';
import { accept, refuse } from './answer.ts';
import type { Ask, Outcome, WriteRoute } from './format.ts';
import { idempotencyOf } from './idempotency.ts';
import { inflate } from './inflate.ts';
import type { IngestService } from './ingest.service.ts';
import { createPatience } from './patience.ts';
import { writeRoutes } from './write-routes.ts';
import { joinRefused } from './refusals.ts';
import { discard, readBody } from './write-body.ts';

/** What the handler stands on. */
export type PointsPorts = {
  authenticate: Authenticate;
  admission: Admission;
  ingest: Pick<IngestService, 'append' | 'appendFitting'>;
  /** What a write may spend waiting for the database, in ms. */
  patienceMs?: number | undefined;
  log: Log;
  /** What every request passes before: its id, its line in the log. */
  steps: Step[];
};

type Exchange = { route: WriteRoute; ask: Ask; req: IncomingMessage; res: ServerResponse };

const routes = new Map(writeRoutes.map((route) => [`${route.method} ${route.path}`, route]));

/**
 * Every way to write points, ahead of Express: at 10 points a request Express costs ten times what the points do
 * (bench/results.md). Everything else goes to `next`.
 */
export function pointsFirst(
  { authenticate, admission, ingest, patienceMs, log, steps }: PointsPorts,
  next: RequestListener,
): RequestListener {
  async function write({ route, ask, req, res }: Exchange): Promise<Outcome> {
    const info = infoOf(req);
    if (info) info.route = route.path;
    const patience = createPatience(patienceMs);
    const caller = await patience.waitFor(authenticate(agentCredentials(ask)));
    if (info) info.subject = caller.subject;
    demand(caller, 'points.write');

    const ticket = admission.enter(req, res);
    const sent = await ticket.inTime(readBody(req, MAX_WRITE_BYTES, ticket.take));
    const body = await inflate(sent, ask.headers['content-encoding']);
    if (body !== sent) ticket.take(body.length);
    const reading = route.read(body, ask);
    const { batch } = reading;
    if (reading.isPreview || batch.points === 0) return { ...reading, stored: 0 };
    const append = route.isPartial ? ingest.appendFitting : ingest.append;
    const { isReplay, refused } = await patience.waitFor(append(caller.organization, batch, idempotencyOf(req, body)));
    if (isReplay) res.setHeader('Idempotent-Replayed', 'true');
    const stored = batch.points - (refused?.points ?? 0);
    return { ...reading, stored, refused: joinRefused(reading.refused, refused) };
  }

  function serve(exchange: Exchange): void {
    const { req, res } = exchange;
    res.setHeader('Access-Control-Allow-Origin', '*');
    res.setHeader('Access-Control-Expose-Headers', 'X-Request-Id, Retry-After, Idempotent-Replayed');
    write(exchange).then(
      (outcome) => accept(res, outcome, { ...exchange, log }),
      (cause: unknown) => {
        discard(req);
        refuse(res, cause, { ...exchange, log });
      },
    );
  }

  return (req, res) => {
    const { url = '' } = req;
    const question = url.indexOf('?');
    const route = routes.get(`${req.method} ${question < 0 ? url : url.slice(0, question)}`);
    if (!route) return next(req, res);
    const ask = {
      headers: req.headers,
      // Made when somebody asks for it: our own route has none.
      get query() {
        return new URLSearchParams(question < 0 ? '' : url.slice(question));
      },
    };
    const exchange = { route, ask, req, res };
    steps.reduceRight<() => void>(
      (then, step) => () => step(req, res, then),
      () => serve(exchange),
    )();
  };
}
