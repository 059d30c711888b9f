import type { QuantumFluxError } from './protocol/index.ts';

/** Why an attempt to connect is made. */
export type ConnectReason =
  /** Somebody watches, and there was no connection. */
  | 'watched'
  /** The wait is over. */
  | 'retry'
  /** The browser is back in a network. */
  | 'online'
  /** The page is looked at again. */
  | 'visible'
  /** The token expired, or was not taken; another one is tried at once. */
  | 'token';

/** Why there is no connection, and another attempt is made later. */
export type WaitReason =
  /** Nothing answered at the address. */
  | 'unreachable'
  /** The connection was cut, by the network or by a server that died. */
  | 'lost'
  /** Nothing was heard from the server for too long. */
  | 'silent'
  /** The browser is in no network. There are no attempts until it is. */
  | 'offline'
  /** The server cannot take us at the moment; `error` says why. */
  | 'refused'
  /** `getToken` failed. */
  | 'no-token'
  /** The token expired, and the one that came after it as well. */
  | 'expired'
  /** The server stopped. */
  | 'shutdown'
  /** We took in less than the server had to send. */
  | 'slow';

/** Why there will be no other attempt until everybody stopped watching and somebody starts. */
export type StopReason =
  /** The server will not have us. */
  | 'refused'
  /** The right to be here was taken away. */
  | 'revoked'
  /** `getToken` says that it will bring none. */
  | 'no-token';

/** What the connection to the server is doing. Times are local, in ms since the epoch. */
export type ConnectionState =
  /** Nobody watches anything (`new`: yet), so there is no connection. */
  | { is: 'idle'; reason: 'new' | 'unwatched' }
  /** `attempt` counts from 0 since the last connection that held. */
  | { is: 'connecting'; reason: ConnectReason; attempt: number; since: number }
  /** `moved`: to another server, because ours will stop. Nobody who watches was interrupted, and `since` stays. */
  | { is: 'connected'; reason: 'opened' | 'moved'; since: number }
  /** The next attempt is at `retryAt`, or sooner when the page is looked at again; null while the browser is offline. */
  | {
      is: 'waiting';
      reason: WaitReason;
      error: QuantumFluxError;
      attempt: number;
      since: number;
      retryAt: number | null;
    }
  | { is: 'error'; reason: StopReason; error: QuantumFluxError }
  /** `close()` was called. */
  | { is: 'closed' };
