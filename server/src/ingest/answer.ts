import { QuantumFluxError } from '@quantumflux/sdk/protocol';
import { ServerResponse } from 'node:http';
import { answerError, toQuantumFluxError } from '../http/errors.ts';
import type { Log } from '../log.ts';
import type { Ask, Outcome, Refused, Words, WriteRoute } from './format.ts';

/** What an answer is about. */
export type Answering = { route: WriteRoute; ask: Ask; log: Log };

/** Some points of a write are stored, the others never will be. */
class PartialWrite extends QuantumFluxError {
  readonly refused: Refused;

  constructor(refused: Refused, stored: number) {
    super(
      'invalid_input',
      stored > 0 ? `partial write error (${stored} written): ${refused.message}` : refused.message,
    );
    this.refused = refused;
  }
}

/** Says that what could be read is on disk. */
export function accept(res: ServerResponse, outcome: Outcome, answering: Answering): void {
  const { route, ask } = answering;
  if (route.answer) send(res, 200, route.answer(outcome, ask));
  else if (!outcome.refused) res.writeHead(204).end();
  else refuse(res, new PartialWrite(outcome.refused, outcome.stored), answering);
}

/** Says what went wrong, in the words of the route. Headers and what is logged are the same for all. */
export function refuse(res: ServerResponse, cause: unknown, { route, ask, log }: Answering): void {
  if (!route.refuse || res.headersSent) return answerError(res, cause, log);
  const ours = new ServerResponse(res.req);
  answerError(ours, cause, log);
  for (const [name, value] of Object.entries(ours.getHeaders())) res.setHeader(name, value!);
  const refused = cause instanceof PartialWrite ? cause.refused : undefined;
  const error = toQuantumFluxError(cause);
  send(res, route.statuses?.[error.code] ?? ours.statusCode, route.refuse(error, ask, refused));
}

function send(res: ServerResponse, status: number, { type, body }: Words): void {
  res.statusCode = status;
  res.setHeader('Content-Type', type);
  res.setHeader('Content-Length', Buffer.byteLength(body));
  res.setHeader('Cache-Control', 'no-store');
  res.end(body);
}
