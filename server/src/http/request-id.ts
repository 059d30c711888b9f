import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';

/** What the log and the metrics tell of a request; filled in on its way. */
export type RequestInfo = {
  readonly id: string;
  /** Who asks: `user:<id>` or `key:<id>`. */
  subject: string | undefined;
  /** The path of its endpoint, not of the request, so that there are only a few: `/api/v1/keys/:id`. */
  route: string | undefined;
};

/** A step that every request passes, whether Express serves it or the plain HTTP server. */
export type Step = (req: IncomingMessage, res: ServerResponse, next: () => void) => void;

// On the request itself: AsyncLocalStorage would make every promise of the process dearer, also those of the driver.
const info = Symbol('info');
type Known = IncomingMessage & { [info]?: RequestInfo };

/** What is known of a request; undefined before it has its id. */
export function infoOf(req: Known): RequestInfo | undefined {
  return req[info];
}

/** Gives each request the id by which the log, the answer and the caller's own log name it. */
export const requestId: Step = (req: Known, res, next) => {
  const id = idOf(req.headers['x-request-id']);
  res.setHeader('X-Request-Id', id);
  req[info] = { id, subject: undefined, route: undefined };
  next();
};

// It is written to the log and sent back, so a stranger's text is taken only when it looks like an id.
function idOf(given: string | string[] | undefined): string {
  return typeof given === 'string' && /^[\w.:-]{1,64}$/.test(given) ? given : randomUUID();
}
