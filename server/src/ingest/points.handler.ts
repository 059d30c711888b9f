import { endpoints, MAX_WRITE_BYTES, QuantumFluxError } from '@quantumflux/sdk/protocol';
import type { IncomingMessage, RequestListener } from 'node:http';
import { demand, type Authenticate } from '../http/caller.ts';
import { credentialsOf } from '../http/credentials.ts';
import { answerError } from '../http/errors.ts';
import { currentRequest, type Step } from '../http/request-id.ts';
import type { Log } from '../log.ts';
import type { IngestService } from './ingest.service.ts';
import { batchOf } from './point-batch.ts';
import { discard, readText } from './write-body.ts';

/** What the handler stands on. */
export type PointsPorts = {
  authenticate: Authenticate;
  ingest: Pick<IngestService, 'append'>;
  log: Log;
  /** What every request passes before: its id, its line in the log. */
  steps: Step[];
};

/**
 * `POST /api/v1/points`, ahead of Express: at 10 points a request Express costs ten times what the points do
 * (bench/results.md). Everything else goes to `next`.
 */
export function pointsFirst({ authenticate, ingest, log, steps }: PointsPorts, next: RequestListener): RequestListener {
  async function write(req: IncomingMessage): Promise<void> {
    const info = currentRequest();
    if (info) info.route = endpoints.writePoints.path;
    const caller = await authenticate(credentialsOf(req.headers));
    if (info) info.subject = caller.subject;
    demand(caller, 'points.write');
    await ingest.append(caller.organization, batchOf(await readJson(req)));
  }

  return (req, res) => {
    if (req.method !== 'POST' || req.url?.split('?', 1)[0] !== endpoints.writePoints.path) return next(req, res);
    const serve = () => {
      res.setHeader('Access-Control-Allow-Origin', '*');
      res.setHeader('Access-Control-Expose-Headers', 'X-Request-Id, Retry-After');
      write(req).then(
        () => res.writeHead(204).end(),
        (cause: unknown) => {
          discard(req);
          answerError(res, cause, log);
        },
      );
    };
    steps.reduceRight<() => void>((then, step) => () => step(req, res, then), serve)();
  };
}

async function readJson(req: IncomingMessage): Promise<unknown> {
  const [type] = (req.headers['content-type'] ?? '').split(';', 1);
  if (type?.trim().toLowerCase() !== 'application/json') {
    throw new QuantumFluxError(
      'invalid_input',
      'The body must be JSON, sent with the header Content-Type: application/json.',
    );
  }
  if (req.headers['content-encoding'] !== undefined && req.headers['content-encoding'] !== 'identity') {
    throw new QuantumFluxError('invalid_input', 'The body must be sent plain, without Content-Encoding.');
  }
  const text = await readText(req, MAX_WRITE_BYTES);
  try {
    return JSON.parse(text) as unknown;
  } catch (cause) {
    const reason = cause instanceof SyntaxError ? cause.message : 'it cannot be read to its end';
    throw new QuantumFluxError('invalid_input', `The body is not JSON: ${reason}.`, { cause });
  }
}
