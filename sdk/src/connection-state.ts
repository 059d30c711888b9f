import type { QuantumFluxError } from './protocol/index.ts';

/** What the connection to the server is doing. Times are local, in ms since the epoch. */
export type ConnectionState =
  /** Nobody watches anything, so there is no connection. */
  | { is: 'idle' }
  /** `attempt` counts from 0 since the last connection that held. */
  | { is: 'connecting'; attempt: number; since: number }
  | { is: 'connected'; since: number }
  /** Lost, or not reached; the next attempt is at `retryAt`, or sooner when the browser comes online. */
  | { is: 'waiting'; attempt: number; since: number; reason: QuantumFluxError; retryAt: number }
  /** The server will not have us. There is no other attempt until everybody stopped watching and somebody starts. */
  | { is: 'error'; error: QuantumFluxError }
  /** `close()` was called. */
  | { is: 'closed' };
