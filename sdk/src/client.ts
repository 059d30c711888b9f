import { addressOf } from './address.ts';
import { Connection } from './connection.ts';
import type { ConnectionState } from './connection-state.ts';
import { createCredentials } from './credentials.ts';
import { diagnose, type Diagnostics } from './diagnostics.ts';
import { Listeners, type Events } from './events.ts';
import { request, type HttpPorts, type RequestOptions, type WriteOptions } from './http.ts';
import { Lease } from './lease.ts';
import type { LiveUpdate } from './live-state.ts';
import { LiveStream, type LivePorts } from './live-stream.ts';
import { openLink, type OpenLink } from './link.ts';
import { withDefaults, type ClientOptions, type Stop, type StreamOptions } from './options.ts';
import { joinRoom, type PresenceOptions, type PresenceUpdate } from './presence.ts';
import {
  endpoints,
  HEARTBEAT_MS,
  type FunctionRequest,
  type FunctionResult,
  type QueryFunction,
  type QueryRequest,
  type QueryResult,
  type StreamInfo,
  type StreamWrite,
} from './protocol/index.ts';
import { leaseShared } from './shared-connection.ts';

/**
 * A client of one server. Nothing is sent until something is watched, queried or written.
 * Throws `invalid_input` when `url` is missing (outside browsers) or is not an address.
 */
export function connect(options: ClientOptions = {}): QuantumFluxClient {
  return new QuantumFluxClient(options);
}

/** How a client reaches its server. */
export type Transport = { openLink: OpenLink; fetch: typeof fetch };

const network: Transport = { openLink, fetch: (...request) => fetch(...request) };

/** Live subscriptions, queries and writes on one server. Made by `connect()`. */
export class QuantumFluxClient {
  readonly #http: HttpPorts;
  readonly #connection: Lease;
  readonly #live: Omit<LivePorts, 'onStart' | 'onEnd'>;
  readonly #streams = new Map<string, LiveStream>();
  readonly #listeners = new Listeners();

  /** `transport`: the network, unless a test brings something else. */
  constructor(options: ClientOptions, transport: Transport = network) {
    const { url, reconnect = { minMs: 500, maxMs: 20_000 }, lingerMs = 5_000, silenceMs = 3 * HEARTBEAT_MS } = options;
    const { share = 'document' in globalThis } = options;
    const { openLink, fetch } = transport;
    const address = addressOf(url);
    const own = { address, openLink, reconnect, silenceMs, credentials: createCredentials(options) };
    const { lease, credentials } =
      share && transport === network
        ? leaseShared(options, own)
        : { lease: new Lease(new Connection(own)), credentials: own.credentials };
    this.#http = { address, credentials, fetch };
    this.#connection = lease;
    const { tell } = this.#listeners;
    this.#live = { connection: lease, reconnect, lingerMs, tell };
    lease.observe((state) => tell('state', state));
  }

  /** What the connection is doing. */
  get state(): ConnectionState {
    return this.#connection.state;
  }

  /** Calls back at every change of `state`, not for the present one. */
  onState(onChange: (state: ConnectionState) => void): Stop {
    return this.on('state', onChange);
  }

  /** Calls back whenever such a thing happens: `state`, `resync`, `skipped`. */
  on<Name extends keyof Events>(name: Name, handler: (event: Events[Name]) => void): Stop {
    return this.#listeners.on(name, handler);
  }

  /** How the connection and what is watched do. Costs nothing until it is called. */
  diagnostics(): Diagnostics {
    return diagnose(this.#connection, this.#streams.values());
  }

  /**
   * The streams that a selector picks: history, then live. All who ask for the same share one subscription. Nothing is
   * asked of the server until the result is watched.
   */
  stream(selector: string, options: StreamOptions = {}): LiveStream {
    const all = withDefaults(options);
    const key = JSON.stringify([selector, all]);
    const shared = this.#streams.get(key);
    if (shared) return shared;
    const live: LiveStream = new LiveStream(selector, all, {
      ...this.#live,
      onStart: () => void (this.#streams.has(key) || this.#streams.set(key, live)),
      onEnd: () => void (this.#streams.get(key) === live && this.#streams.delete(key)),
    });
    this.#streams.set(key, live);
    return live;
  }

  /** `stream()` and `watch()` in one. */
  watch(selector: string, options: StreamOptions, onUpdate: (update: LiveUpdate) => void): Stop {
    return this.stream(selector, options).watch(onUpdate);
  }

  /**
   * Is in a room of the organization (`dashboard:42`) until it is stopped, and calls back with who is, at first and
   * whenever that changes. Those who see public streams only are among themselves.
   */
  presence(room: string, options: PresenceOptions, onChange: (update: PresenceUpdate) => void): Stop {
    return joinRoom(this.#connection, room, options, onChange);
  }

  /**
   * The points of a time range, thinned to the width; with `fn`, functions of them on one grid for all streams, in which
   * null is a gap. Rejects with `not_found` when no stream matches.
   */
  query<Fn extends QueryFunction>(asked: FunctionRequest<Fn>, options?: RequestOptions): Promise<FunctionResult<Fn>>;
  query(asked: QueryRequest, options?: RequestOptions): Promise<QueryResult>;
  query(asked: QueryRequest & Partial<FunctionRequest>, options: RequestOptions = {}): Promise<unknown> {
    const { select, from, to, width, fn, by, step } = asked;
    const query = { select, from, to, width, fn: fn && String(fn), by: by && String(by), step };
    return request(endpoints.query, { ...options, query }, this.#http);
  }

  /**
   * Stores points; when it resolves they are on disk. All of them are stored, or none. It is sent again when that may help, and
   * stored once however often it is sent. When it rejects with `unavailable`, it may be stored nevertheless.
   */
  async write(streams: StreamWrite | readonly StreamWrite[], options: WriteOptions = {}): Promise<void> {
    const body = { streams: Array.isArray(streams) ? streams : [streams] };
    const { idempotencyKey = randomKey() } = options;
    await request(endpoints.writePoints, { ...options, idempotencyKey, body }, this.#http);
  }

  /** The streams that match, without points. Default: all. */
  async streams(select = '*', options: RequestOptions = {}): Promise<StreamInfo[]> {
    const answer = await request<{ streams: StreamInfo[] }>(
      endpoints.listStreams,
      { ...options, query: { select } },
      this.#http,
    );
    return answer.streams;
  }

  /** The server's clock, in ms since the epoch: the local one, put right by what the server told of its own. */
  now(): number {
    return this.#connection.clock.now();
  }

  /**
   * Ends all subscriptions of this client, for good, and the connection, unless others share it. Watchers are not called any
   * more.
   */
  close(): void {
    this.#connection.close();
  }
}

/** `crypto.randomUUID()` is only there where a page came over https. */
function randomKey(): string {
  return crypto.getRandomValues(new Uint32Array(4)).join('-');
}
