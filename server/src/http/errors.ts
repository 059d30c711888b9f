import { QuantumFluxError, type ErrorCode } from '@quantumflux/sdk/protocol';
import type { ErrorRequestHandler } from 'express';
import type { ServerResponse } from 'node:http';
import type { Log } from '../log.ts';
import { isDiskFull, isOutage } from './outage.ts';
import { infoOf } from './request-id.ts';

/** The HTTP status of each reason to refuse or fail. */
export const statusOf: Readonly<Record<ErrorCode, number>> = {
  invalid_input: 400,
  unauthenticated: 401,
  forbidden: 403,
  not_found: 404,
  not_acceptable: 406,
  conflict: 409,
  idempotency_key_reused: 422,
  too_large: 413,
  unsupported_type: 415,
  rate_limited: 429,
  unavailable: 503,
  storage_full: 507,
  internal: 500,
};

/** An error that says when to come back, in the header Retry-After. */
export function comeBackIn(
  retryMs: number,
  code: 'rate_limited' | 'unavailable' | 'conflict',
  message: string,
): QuantumFluxError {
  return new QuantumFluxError(code, message, { cause: { retryMs } });
}

/** Whatever was thrown, as the one error that may leave the server. */
export function toQuantumFluxError(cause: unknown): QuantumFluxError {
  if (cause instanceof QuantumFluxError) return cause;
  const refusal = refusalOf(cause);
  if (refusal) return refusal;
  if (isDiskFull(cause)) return new QuantumFluxError('storage_full', DISK_FULL, { cause });
  if (isOutage(cause)) {
    return new QuantumFluxError('unavailable', 'The database does not answer at the moment. Try again in a second.', {
      cause,
    });
  }
  const message = 'Something broke on our side. The answer’s X-Request-Id finds the reason in the server’s log.';
  return new QuantumFluxError('internal', message, { cause });
}

/** Answers with an error, whatever serves the request: Express or the plain HTTP server. */
export function sendError(res: ServerResponse, error: QuantumFluxError): void {
  if (res.headersSent) {
    // Half an answer must not look like a whole one.
    res.destroy();
    return;
  }
  const body = JSON.stringify({ error: error.toBody() });
  res.statusCode = statusOf[error.code];
  res.setHeader('Content-Type', 'application/json; charset=utf-8');
  res.setHeader('Content-Length', Buffer.byteLength(body));
  res.setHeader('Cache-Control', 'no-store');
  if (error.code === 'unauthenticated') res.setHeader('WWW-Authenticate', 'Bearer');
  const retryAfter = retrySeconds(error);
  if (retryAfter > 0) res.setHeader('Retry-After', retryAfter);
  res.end(body);
}

/** Answers with what was thrown. What nobody expected is logged, here and nowhere else. */
export function answerError(res: ServerResponse, cause: unknown, log: Log): void {
  const error = toQuantumFluxError(cause);
  logFailure(cause, log, { requestId: infoOf(res.req)?.id });
  sendError(res, error);
}

/** Logs what nobody expected, once. `where` is what finds it again. */
export function logFailure(cause: unknown, log: Log, where: object = {}): void {
  if (cause instanceof QuantumFluxError) return;
  const details = { ...where, cause };
  const { code } = toQuantumFluxError(cause);
  if (code === 'internal') log.error('a request failed', details);
  if (code === 'storage_full') log.error('the disk of the database is full', details);
  if (code === 'unavailable') log.warn('a request could not be served', details);
}

/** The last middleware of the app. Express knows it by its four parameters. */
export function errorHandler(log: Log): ErrorRequestHandler {
  return (cause, _req, res, _next) => answerError(res, cause, log);
}

const DISK_FULL =
  'The disk of the database is full, so nothing can be stored. Make room there; then it goes on by itself.';

/** What passes by itself is worth another try in a second, if nobody said when. */
const passing: ReadonlySet<ErrorCode> = new Set(['rate_limited', 'unavailable', 'storage_full']);

/** When to come back, in seconds; 0 when there is no use in it. */
export function retrySeconds({ code, cause }: QuantumFluxError): number {
  const asked = typeof cause === 'object' && cause !== null && 'retryMs' in cause ? Number(cause.retryMs) : 0;
  return Math.max(passing.has(code) ? 1 : 0, Math.ceil(asked / 1_000));
}

/** What Express and its body parser refuse by themselves; their errors carry a status and a type. */
function refusalOf(cause: unknown): QuantumFluxError | undefined {
  if (!(cause instanceof Error) || !('status' in cause) || typeof cause.status !== 'number') return undefined;
  if (cause.status < 400 || cause.status >= 500) return undefined;
  const type = 'type' in cause && typeof cause.type === 'string' ? cause.type : '';
  if (type === 'entity.too.large') {
    const limit = 'limit' in cause ? ` than ${Math.floor(Number(cause.limit) / 1_024)} KB` : '';
    return new QuantumFluxError('too_large', `The body is larger${limit || ' than is allowed'}. Send less at a time.`);
  }
  const code = cause.status === 415 ? 'unsupported_type' : 'invalid_input';
  return new QuantumFluxError(code, sentences[type] ?? 'The request is not right: it cannot be read.');
}

const sentences: Readonly<Record<string, string>> = {
  'entity.parse.failed': 'The body is not JSON: it cannot be read to its end.',
  'charset.unsupported': 'The body must be in UTF-8.',
  'encoding.unsupported': 'The body must be sent plain, or with Content-Encoding gzip, deflate or br.',
  'request.aborted': 'The request ended before its body did.',
  'request.size.invalid': 'The body is not as long as Content-Length says.',
};
