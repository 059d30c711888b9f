import type { Address } from './address.ts';
import type { Credential, Credentials } from './credentials.ts';
import { errorOf } from './errors.ts';
import { QuantumFluxError, type ErrorCode } from './protocol/index.ts';

/** What goes with one request. */
export type RequestOptions = {
  /** Gives up when it fires; the promise then rejects with its reason, as `fetch` does. */
  signal?: AbortSignal;
};

/** Where to, and as whom. */
export type HttpPorts = { address: Address; credentials: Credentials; fetch: typeof fetch };

type Operation = { method: string; path: string };
type Input = RequestOptions & { query?: Record<string, string | number | undefined>; body?: unknown };

/** Calls one operation of the HTTP API. Whatever goes wrong is a QuantumFluxError, except that the caller gave up. */
export async function request<Output>(
  { method, path }: Operation,
  { query = {}, body, signal }: Input,
  { address, credentials, fetch }: HttpPorts,
): Promise<Output> {
  const target = new URL(address.prefix + path, address.origin);
  for (const [name, value] of Object.entries(query))
    if (value !== undefined) target.searchParams.set(name, String(value));

  const send = async ({ token, key }: Credential): Promise<Response> => {
    const bearer = token ?? key;
    const headers: Record<string, string> = {
      ...(bearer === undefined ? {} : { authorization: `Bearer ${bearer}` }),
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
    };
    try {
      return await fetch(target, { method, headers, body: JSON.stringify(body) ?? null, signal: signal ?? null });
    } catch (cause) {
      if (signal?.aborted) throw cause;
      throw new QuantumFluxError('unavailable', `${address.origin} cannot be reached.`, { cause });
    }
  };

  const credential = await credentials.current();
  let response = await send(credential);
  if (response.status === 401 && credentials.isRenewable) response = await send(await credentials.replace(credential));
  return read<Output>(response, signal);
}

async function read<Output>(response: Response, signal?: AbortSignal): Promise<Output> {
  try {
    const text = await response.text();
    const body = text === '' ? undefined : (JSON.parse(text) as unknown);
    if (response.ok) return body as Output;
    throw errorOf((body as { error?: unknown } | undefined)?.error) ?? unreadable(response);
  } catch (cause) {
    if (cause instanceof QuantumFluxError || signal?.aborted) throw cause;
    throw unreadable(response, cause);
  }
}

function unreadable({ ok, status, statusText }: Response, cause?: unknown): QuantumFluxError {
  const answer = `${status} ${statusText}`.trim();
  if (ok) return new QuantumFluxError('internal', `The server answered ${answer}, but not in JSON.`, { cause });
  return new QuantumFluxError(codes[status] ?? 'internal', `The server answered ${answer}.`, { cause });
}

// What stands between us and the server (a proxy, a balancer) answers in its own words; the status is all there is.
const codes: Readonly<Record<number, ErrorCode>> = {
  400: 'invalid_input',
  401: 'unauthenticated',
  403: 'forbidden',
  404: 'not_found',
  406: 'not_acceptable',
  409: 'conflict',
  413: 'too_large',
  415: 'unsupported_type',
  422: 'idempotency_key_reused',
  429: 'rate_limited',
  502: 'unavailable',
  503: 'unavailable',
  504: 'unavailable',
  507: 'storage_full',
};
