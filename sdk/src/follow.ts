import { backoffDelay, type BackoffOptions } from './backoff.ts';
import type { Clock } from './clock.ts';
import type { Connection } from './connection.ts';
import type { ConnectionState } from './connection-state.ts';
import { isPassing, toQuantumFluxError } from './errors.ts';
import type { Message } from './message.ts';
import type { Stop } from './options.ts';
import { QuantumFluxError, type ResyncReason, type SubscribeReply, type SubscribeRequest } from './protocol/index.ts';
import type { Reader } from './reader.ts';

/** How the following goes. */
export type Phase =
  /** There is no connection. `reason` is null before the first one was lost. */
  | { is: 'offline'; attempt: number; reason: QuantumFluxError | null; retryAt: number | null }
  /** The server was asked. `isLive`: a gap was just found, and is about to be filled. */
  | { is: 'asking'; attempt: number; isLive: boolean }
  | { is: 'following' }
  /** The server cannot answer at the moment. */
  | { is: 'waiting'; attempt: number; reason: QuantumFluxError; retryAt: number }
  | { is: 'refused'; error: QuantumFluxError };

export type FollowPorts = {
  connection: Connection;
  clock: Clock;
  reader: Reader;
  request: SubscribeRequest;
  reconnect: BackoffOptions;
};

/** Called when something changed: the phase, or what the reader has; with a reason when history was replaced. */
type OnChange = (phase: Phase, resync?: ResyncReason) => void;

/** Keeps a reader up with the journal, over gaps, lost connections and new journals, until it is stopped. */
export function follow({ connection, clock, reader, request, reconnect }: FollowPorts, onChange: OnChange): Stop {
  let phase: Phase = { is: 'offline', attempt: 0, reason: null, retryAt: null };
  /** Ends what goes on only in the present phase. */
  let rest: Stop = () => undefined;
  /** Subscriptions since the last one that brought something. */
  let attempt = 0;

  function enter(next: Phase, nextRest: Stop = () => undefined): void {
    rest();
    rest = nextRest;
    phase = next;
    onChange(phase);
  }

  function subscribe({ isLive }: { isLive: boolean }): void {
    const { channels } = connection;
    if (!channels) return;
    // The old subscription goes first: a connection may have only so many.
    rest();
    rest = () => undefined;
    const askedAt = Date.now();
    const resume = reader.position;
    const stop = channels.subscribe(resume ? { ...request, resume } : request, {
      onReply: (reply) => attend(() => onReply(reply, askedAt)),
      onMessage: (message) => attend(() => onMessage(message)),
      onRefused: fail,
    });
    enter({ is: 'asking', attempt, isLive }, stop);
  }

  function onReply(reply: SubscribeReply, askedAt: number): void {
    clock.learn(reply.now, { askedAt, answeredAt: Date.now() });
    const resync = reader.accept(reply);
    // The subscription goes on, so what ends it stays.
    phase = { is: 'following' };
    onChange(phase, resync);
  }

  function onMessage(message: Message): void {
    const received = reader.receive(message);
    if (received === 'behind') return catchUp();
    attempt = 0;
    if (received === 'changed') onChange(phase);
  }

  /** The first time at once; if that did not help, the server is asked with growing patience. */
  function catchUp(): void {
    if (attempt++ === 0) return subscribe({ isLive: true });
    wait(new QuantumFluxError('unavailable', 'The server sends less than everything.'));
  }

  function attend(receive: () => void): void {
    try {
      receive();
    } catch (cause) {
      fail(toQuantumFluxError(cause));
    }
  }

  function fail(error: QuantumFluxError): void {
    if (isPassing(error)) return wait(error);
    enter({ is: 'refused', error });
    leave();
  }

  function wait(reason: QuantumFluxError): void {
    const delayMs = Math.round(backoffDelay(attempt, reconnect));
    const timer = setTimeout(() => subscribe({ isLive: false }), delayMs);
    enter({ is: 'waiting', attempt: attempt++, reason, retryAt: Date.now() + delayMs }, () => clearTimeout(timer));
  }

  function onConnection(state: ConnectionState): void {
    const reason = phase.is === 'offline' || phase.is === 'waiting' ? phase.reason : null;
    switch (state.is) {
      case 'connected':
        attempt = 0;
        return subscribe({ isLive: false });
      case 'waiting':
        return enter({ is: 'offline', attempt: state.attempt, reason: state.reason, retryAt: state.retryAt });
      case 'error':
        return enter({ is: 'refused', error: state.error });
      case 'closed':
        return enter({ is: 'refused', error: new QuantumFluxError('conflict', 'This client was closed.') });
      default:
        return enter({ is: 'offline', attempt: state.is === 'connecting' ? state.attempt : 0, reason, retryAt: null });
    }
  }

  const leave = connection.join(onConnection);
  return () => {
    rest();
    leave();
  };
}
