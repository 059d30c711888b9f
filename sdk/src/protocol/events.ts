import type { ErrorBody } from './error.ts';
import type { StreamMeta, TimeInput } from './points.ts';

export type Reply<T> = { ok: true; value: T } | { ok: false; error: ErrorBody };

/** How far a reader is: it has everything up to and including `offset` of each partition, in this epoch. */
export type Position = { epoch: number; offsets: [partition: number, offset: number][] };

/** Everything of a subscription's streams after `after`, up to and including `last`, is known. */
export type Range = [partition: number, after: number, last: number];

/** Why a reader could not go on from its position and starts again from history. */
export type ResyncReason =
  /** The database was restored, failed over or rebuilt. */
  | 'epoch'
  /** The reader is ahead of the journal: an older state of the database is back. */
  | 'rewound'
  /** What is missing is no longer in the journal, or too much to replay. */
  | 'too_far';

export type SubscribeRequest = {
  selector: string;
  /** Where history starts. Default `-15m`. */
  from?: TimeInput;
  /** Width of the picture in pixels; history has at most four points per pixel. Default 1000. */
  width?: number;
  /** Stay subscribed when nothing matches yet, for streams to come. Without it: `not_found`. */
  wait?: boolean;
  /** Go on from here instead of sending history. */
  resume?: Position;
  /**
   * Send new points at most so many times a second, and of each pixel column of the picture (`from` to now, `width`
   * pixels) only the lowest, the highest and the newest. Without it every point comes, as soon as it can.
   */
  maxHz?: number;
};

export type SubscribeReply = {
  /** Names this subscription in frames, heads and `unsubscribe`. */
  channel: number;
  /** The server's clock, in ms since the epoch. */
  now: number;
  streams: StreamMeta[];
  position: Position;
  /** Set when new points come conflated: how many ms a pixel column is long, and how often they come at most. */
  conflation?: { intervalMs: number; maxHz: number };
} & (
  | {
      is: 'history';
      /** Set when `resume` was asked for and could not be done. */
      resync?: ResyncReason;
      /** Length of the interval that history was thinned to, in ms; null when every point is there. */
      intervalMs: number | null;
      /** Codec blocks, one or more per stream, oldest first. */
      blocks: Uint8Array;
    }
  | { is: 'resumed'; /** A frame with all that was missed. */ frame: Uint8Array }
);

/** What the client says when it connects, in Socket.io's auth packet (never in the URL). */
export type Handshake = {
  protocol: number;
  token?: string;
  key?: string;
  /** Whether the client reads frames that come bare, without a packet of Socket.io around them (F3). */
  frames?: 'bare';
};

/** What the server says first, to clients of version 2 and above. */
export type Welcome = {
  /** The version that both speak. */
  protocol: number;
  /** The server's clock, in ms since the epoch. */
  now: number;
  /** When the credential ends, in ms since the epoch; null when it does not end by itself. */
  expiresAt: number | null;
};

/** Somebody who looks at the same thing. */
export type Presence = {
  /** One per connection, made by the server. */
  id: string;
  /** What they want to be called; null when they did not say. */
  name: string | null;
  /** Since when, in ms since the epoch. */
  since: number;
};

/** Who is in a room. */
export type Company = {
  /** At most `MAX_PRESENT` of them, those who came first. */
  present: Presence[];
  /** How many more there are, when not all are told. */
  more?: number;
};

/** Why the server ends a connection. */
export type GoodbyeReason =
  /** The token is no longer valid: connect again with a new one. */
  | 'expired'
  /** The key or the user lost the right to be here. */
  | 'revoked'
  /** The server stops; another one, or the same one, is there soon. */
  | 'shutdown'
  /** The client took nothing for too long: connect again and go on from the position. */
  | 'slow';

/** Socket events that the client sends. */
export type ClientEvents = {
  subscribe: (request: SubscribeRequest, reply: (reply: Reply<SubscribeReply>) => void) => void;
  unsubscribe: (request: { channel: number }, reply: (reply: Reply<null>) => void) => void;
  /** A fresh token for this connection: of the same organization and user. */
  'auth.refresh': (request: { token: string }, reply: (reply: Reply<{ expiresAt: number | null }>) => void) => void;
  /** Is there, in a room of the organization (`dashboard:42`), and wants to know who else is. */
  'presence.join': (
    request: { room: string; name?: string },
    reply: (reply: Reply<{ id: string } & Company>) => void,
  ) => void;
  'presence.leave': (request: { room: string }, reply: (reply: Reply<null>) => void) => void;
};

/** Socket events that the server sends. */
export type ServerEvents = {
  welcome: (message: Welcome) => void;
  /** New points, as a frame (see frame.ts); every `HEARTBEAT_MS` one without points, so that loss is found. */
  frame: (frame: Uint8Array) => void;
  /** Streams that match from now on, or changed; sent before their first points. */
  streams: (message: { channel: number; streams: StreamMeta[] }) => void;
  /** Streams that this subscription may no longer see. */
  gone: (message: { channel: number; streams: number[] }) => void;
  /** Nothing was missed in these ranges. Only to clients of version 1; later ones get a frame without points. */
  heads: (message: { channel: number; epoch: number; ranges: Range[] }) => void;
  /** The server will stop: connect again, to whichever server answers then, after so many ms. Until then all goes on. */
  drain: (message: { afterMs: number }) => void;
  /** The credential ends at `expiresAt`: send a fresh one with `auth.refresh` before. */
  'auth.refresh': (message: { expiresAt: number }) => void;
  /** Who is in a room that this connection joined, whenever that changes. */
  presence: (message: { room: string } & Company) => void;
  /** The server is about to close this connection. */
  goodbye: (message: { reason: GoodbyeReason; /** When to come back, in ms. */ retryMs: number }) => void;
};
