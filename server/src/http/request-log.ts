import type { IncomingMessage, ServerResponse } from 'node:http';
import morgan from 'morgan';
import type { Log } from '../log.ts';
import { infoOf, type Step } from './request-id.ts';

/** Asked every few seconds by machines; they would drown the rest. */
const quiet = new Set(['/health', '/ready', '/metrics']);

/** One line per request, once it is answered. Neither its query nor its headers: keys and people's data are there. */
export function requestLog(log: Log): Step {
  return (req, res, next) => {
    // A connection is reused: what it carried before is not part of this answer.
    const bytesBefore = req.socket.bytesWritten;

    const line: morgan.FormatFn<IncomingMessage, ServerResponse> = (tokens) => {
      report(log, { req, res, ms: Number(tokens['response-time']?.(req, res)), bytesBefore });
      // The line went to the log; there is none for morgan to write.
      return undefined;
    };

    morgan(line, { skip: () => quiet.has(pathOf(req)) })(req, res, next);
  };
}

/** The same line without morgan: what that does to be told of the end costs more than a small write does. */
export function writeLog(log: Log): Step {
  return (req, res, next) => {
    const bytesBefore = req.socket.bytesWritten;
    const start = performance.now();
    res.once('close', () =>
      report(log, { req, res, ms: Math.round((performance.now() - start) * 1_000) / 1_000, bytesBefore }),
    );
    next();
  };
}

type Answered = { req: IncomingMessage; res: ServerResponse; ms: number; bytesBefore: number };

function report(log: Log, { req, res, ms, bytesBefore }: Answered): void {
  const { id, subject } = infoOf(req) ?? {};
  log.info('request', {
    requestId: id,
    subject,
    method: req.method,
    path: pathOf(req),
    // Absent when the caller left before there was an answer.
    status: res.headersSent ? res.statusCode : undefined,
    ms,
    bytes: req.socket.bytesWritten - bytesBefore,
  });
}

/** At most 200 characters: it may be anything a stranger typed. */
function pathOf(req: IncomingMessage): string {
  const [path = ''] = (originalUrlOf(req) ?? '').split('?', 1);
  return path.slice(0, 200);
}

// Express shortens `url` inside a mounted router and keeps the whole one beside it.
function originalUrlOf(req: IncomingMessage): string | undefined {
  return 'originalUrl' in req && typeof req.originalUrl === 'string' ? req.originalUrl : req.url;
}
