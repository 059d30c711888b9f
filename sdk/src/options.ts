import type { TimeInput } from './protocol/index.ts';

/** Ends what it was handed back for. Calling it again does nothing. */
export type Stop = () => void;

/** Who the client is: nobody, a key, or a token that the page's own server gives out. */
type Identity =
  | { key?: undefined; getToken?: undefined }
  | {
      /** An API key: `qf_pk_…` in browsers; `qf_sk_…` or `qf_ik_…` only where strangers cannot read it. */
      key: string;
      getToken?: undefined;
    }
  | {
      /** Brings a fresh token. Asked before every connect and again when the server says that a token expired. */
      getToken: () => Promise<string>;
      key?: undefined;
    };

export type ClientOptions = Identity & {
  /** Where the server is: `https://flux.example.com`, also with a path. Default in browsers: where the page is from. */
  url?: string;
  /** Shortest and longest wait before the client connects again, in ms. Default 500 and 20 000. */
  reconnect?: { minMs: number; maxMs: number };
  /** How long a stream stays subscribed after its last watcher left, in ms. Default 5 000. */
  lingerMs?: number;
  /** How long a connection with subscriptions may say nothing before it counts as lost, in ms. Default 15 000. */
  silenceMs?: number;
  /**
   * Share one connection, and the token, with all clients of the page that have the same address, the same key or the same
   * `getToken` function, and the same `reconnect` and `silenceMs`, whichever copy of this package made them. Default: true in
   * browsers, false elsewhere.
   */
  share?: boolean;
};

export type StreamOptions = {
  /** Where history starts: ms since the epoch, ISO 8601, or before now. Default `-15m`. */
  from?: TimeInput;
  /** Width of the picture in pixels; history has at most four points per pixel. Default 1000. */
  width?: number;
  /**
   * Take new points at most so many times a second, 0.1 to 60, and of each pixel column of the picture (`from` to now, `width`
   * pixels) only the lowest, the highest and the newest. Default null: every point, as soon as it can be here.
   */
  maxHz?: number | null;
  /** Most points kept of each series; the oldest are dropped. Default 100 000. */
  capacity?: number;
  /** Wait when nothing matches yet, for streams to come. Default true; when false, nothing is the error `not_found`. */
  wait?: boolean;
};

/** Stream options with nothing left open. */
export type WholeStreamOptions = Required<StreamOptions>;

export function withDefaults({
  from = '-15m',
  width = 1_000,
  capacity = 100_000,
  wait = true,
  maxHz = null,
}: StreamOptions): WholeStreamOptions {
  return { from, width, capacity, wait, maxHz };
}
