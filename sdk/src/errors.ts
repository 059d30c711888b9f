import { errorCodes, QuantumFluxError, type ErrorBody, type ErrorCode } from './protocol/index.ts';

/** The error that somebody sent, or undefined when it is none. A code that we do not know yet is `internal`. */
export function errorOf(body: unknown): QuantumFluxError | undefined {
  if (typeof body !== 'object' || body === null) return undefined;
  const { code, message, path } = body as Partial<ErrorBody>;
  if (typeof code !== 'string' || typeof message !== 'string') return undefined;
  const known = errorCodes.includes(code) ? code : 'internal';
  return new QuantumFluxError(known, message, path === undefined ? {} : { path });
}

/** Whether the same request may succeed a little later. */
export function isPassing({ code }: { code: ErrorCode }): boolean {
  return code === 'unavailable' || code === 'storage_full' || code === 'rate_limited' || code === 'internal';
}

/** Whatever was thrown, as the one error class. */
export function toQuantumFluxError(cause: unknown): QuantumFluxError {
  if (cause instanceof QuantumFluxError) return cause;
  return new QuantumFluxError('internal', `Something broke in the client: ${String(cause)}`, { cause });
}
