import type { Address } from './address.ts';
import { backoffDelay } from './backoff.ts';
import type { Credential, Credentials } from './credentials.ts';
import { errorOf } from './errors.ts';
import { QuantumFluxError, type ErrorCode } from './protocol/index.ts';

/** What goes with one request. */
export type RequestOptions = {
  /** Gives up when it fires; the promise then rejects with its reason, as `fetch` does. */
  signal?: AbortSignal;
  /**
   * Send it again, up to six times within some 15 s, when the server cannot be reached or cannot answer at the moment
   * (`unavailable`, `rate_limited`). Default true.
   */
  retry?: boolean;
};

export type WriteOptions = RequestOptions & {
  /**
   * Names this write: what the server has stored under a name in the last 24 hours it does not store again. 1 to 255 visible
   * ASCII characters. Default: a random one, so that sending it again is safe.
   */
  idempotencyKey?: string;
};

const RETRIES = 6;
const patience = { minMs: 250, maxMs: 8_000 };
/** A server that wants to be left alone for longer than this, in ms, is not waited for. */
const MOST_PATIENCE_MS = 30_000;

/** Where to, and as whom. */
export type HttpPorts = { address: Address; credentials: Credentials; fetch: typeof fetch };

type Operation = { method: string; path: string };
type Query = Record<string, string | number | undefined>;
type Input = WriteOptions & { query?: Query; body?: unknown };

/** Calls one operation of the HTTP API. Whatever goes wrong is a QuantumFluxError, except that the caller gave up. */
export async function request<Output>(
  { method, path }: Operation,
  { query = {}, body, idempotencyKey, signal, retry = true }: Input,
  { address, credentials, fetch }: HttpPorts,
): Promise<Output> {
  const target = new URL(address.prefix + path, address.origin);
  for (const [name, value] of Object.entries(query))
    if (value !== undefined) target.searchParams.set(name, String(value));
  const text = JSON.stringify(body) ?? null;

  const send = async ({ token, key }: Credential): Promise<Response> => {
    const bearer = token ?? key;
    const headers: Record<string, string> = {
      ...(bearer === undefined ? {} : { authorization: `Bearer ${bearer}` }),
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      ...(idempotencyKey === undefined ? {} : { 'idempotency-key': idempotencyKey }),
    };
    try {
      return await fetch(target, { method, headers, body: text, signal: signal ?? null });
    } catch (cause) {
      if (signal?.aborted) throw cause;
      throw new QuantumFluxError('unavailable', `${address.origin} cannot be reached.`, { cause });
    }
  };

  async function attempt(): Promise<Answer<Output>> {
    const credential = await credentials.current();
    try {
      let response = await send(credential);
      if (response.status === 401 && credentials.isRenewable)
        response = await send(await credentials.replace(credential));
      return await read<Output>(response, signal);
    } catch (cause) {
      if (!(cause instanceof QuantumFluxError)) throw cause;
      return { error: cause, retryAfterMs: 0 };
    }
  }

  for (let attempts = 0; ; attempts++) {
    const answer = await attempt();
    if (!('error' in answer)) return answer.output;
    const delayMs = answer.retryAfterMs + backoffDelay(attempts, patience);
    const isWorthIt = retry && attempts < RETRIES && delayMs < MOST_PATIENCE_MS && maySucceed(answer);
    if (!isWorthIt) throw answer.error;
    await pause(delayMs, signal);
  }
}

/** `retryAfterMs`: how long the server wants to be left alone; 0 when it did not say. */
type Refusal = { error: QuantumFluxError; retryAfterMs: number };
type Answer<Output> = { output: Output } | Refusal;

/** Whether it is worth asking again within seconds. A conflict that passes is our own write, still under way (I1). */
function maySucceed({ error: { code }, retryAfterMs }: Refusal): boolean {
  return code === 'unavailable' || code === 'rate_limited' || (code === 'conflict' && retryAfterMs > 0);
}

async function read<Output>(response: Response, signal?: AbortSignal): Promise<Answer<Output>> {
  let text: string;
  try {
    text = await response.text();
  } catch (cause) {
    if (signal?.aborted) throw cause;
    throw new QuantumFluxError('unavailable', 'The answer of the server broke off.', { cause });
  }
  const body = bodyOf(text);
  if (response.ok && body !== notJson) return { output: body as Output };
  const error = errorOf((body as { error?: unknown } | undefined)?.error) ?? unreadable(response);
  return { error, retryAfterMs: 1_000 * (Number(response.headers.get('retry-after')) || 0) };
}

const notJson = Symbol('not JSON');

function bodyOf(text: string): unknown {
  try {
    return text === '' ? undefined : (JSON.parse(text) as unknown);
  } catch {
    return notJson;
  }
}

function pause(ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const giveUp = () => {
      clearTimeout(timer);
      reject(signal!.reason as Error);
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener('abort', giveUp);
      resolve();
    }, ms);
    if (signal?.aborted) giveUp();
    else signal?.addEventListener('abort', giveUp, { once: true });
  });
}

function unreadable({ ok, status, statusText }: Response): QuantumFluxError {
  const answer = `${status} ${statusText}`.trim();
  if (ok) return new QuantumFluxError('internal', `The server answered ${answer}, but not in JSON.`);
  return new QuantumFluxError(codes[status] ?? 'internal', `The server answered ${answer}.`);
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
