import type { IncomingMessage, ServerResponse } from 'node:http';
import morgan from 'morgan';
import type { Log } from '../log.ts';
import { currentRequest, type Step } from './request-id.ts';

/** Asked every few seconds by machines; they would drown the rest. */
const quiet = new Set(['/health', '/ready', '/metrics']);

/** One line per request, once it is answered. Neither its query nor its headers: keys and people's data are there. */
export function requestLog(log: Log): Step {
  return (req, res, next) => {
    // A connection is reused: what it carried before is not part of this answer.
    const bytesBefore = req.socket.bytesWritten;

    const line: morgan.FormatFn<IncomingMessage, ServerResponse> = (tokens) => {
      const { id, subject } = currentRequest() ?? {};
      log.info('request', {
        requestId: id,
        subject,
        method: req.method,
        path: pathOf(req),
        // Absent when the caller left before there was an answer.
        status: res.headersSent ? res.statusCode : undefined,
        ms: Number(tokens['response-time']?.(req, res)),
        bytes: req.socket.bytesWritten - bytesBefore,
      });
      // The line went to the log; there is none for morgan to write.
      return undefined;
    };

    morgan(line, { skip: () => quiet.has(pathOf(req)) })(req, res, next);
  };
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
