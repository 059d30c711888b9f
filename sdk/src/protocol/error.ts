/** Every reason for which we refuse or fail. The list is closed: a new reason is a change of the protocol. */
export const errorCodes = [
  'invalid_input',
  'unauthenticated',
  'forbidden',
  'not_found',
  'not_acceptable',
  'conflict',
  'idempotency_key_reused',
  'too_large',
  'unsupported_type',
  'rate_limited',
  'unavailable',
  'storage_full',
  'internal',
] as const;

export type ErrorCode = (typeof errorCodes)[number];

/** How every failure looks on the wire, over HTTP (as `{"error": …}`) and in the reply of a socket event. */
export type ErrorBody = {
  code: ErrorCode;
  /** A sentence for the reader: what is wrong and what to do next. */
  message: string;
  /** The field that is wrong, from the root of the input: `streams.0.points.1`. */
  path?: string;
};

/** The one error class: the server throws it, the SDK rethrows it to the caller. */
export class QuantumFluxError extends Error {
  override readonly name = 'QuantumFluxError';
  readonly code: ErrorCode;
  readonly path: string | undefined;

  constructor(code: ErrorCode, message: string, options: ErrorOptions & { path?: string } = {}) {
    super(message, options);
    this.code = code;
    this.path = options.path;
  }

  /** Those of another copy of this package as well: two of them on a page may share a connection. */
  static override [Symbol.hasInstance](value: unknown): boolean {
    return value instanceof Error && value.name === 'QuantumFluxError';
  }

  toBody(): ErrorBody {
    return { code: this.code, message: this.message, ...(this.path === undefined ? {} : { path: this.path }) };
  }

  static fromBody({ code, message, path }: ErrorBody): QuantumFluxError {
    return new QuantumFluxError(code, message, path === undefined ? {} : { path });
  }
}
