import { backoffDelay, type BackoffOptions } from './backoff.ts';
import type { Channels } from './channels.ts';
import type { ConnectionState } from './connection-state.ts';
import { isPassing, toQuantumFluxError } from './errors.ts';
import type { Lease } from './lease.ts';
import type { Message } from './message.ts';
import type { Stop } from './options.ts';
import { QuantumFluxError, type ResyncReason, type SubscribeReply, type SubscribeRequest } from './protocol/index.ts';
import type { Reader } from './reader.ts';
import type { StreamStats } from './stream-stats.ts';

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
  connection: Lease;
  reader: Reader;
  stats: StreamStats;
  request: SubscribeRequest;
  reconnect: BackoffOptions;
};

/** Called when something changed: the phase, or what the reader has; with a reason when history was replaced. */
type OnChange = (phase: Phase, resync?: ResyncReason) => void;

/** Keeps a reader up with the journal, over gaps, lost connections and new journals, until it is stopped. */
export function follow({ connection, reader, stats, request, reconnect }: FollowPorts, onChange: OnChange): Stop {
  let phase: Phase = { is: 'offline', attempt: 0, reason: null, retryAt: null };
  /** Ends what goes on only in the present phase. */
  let rest: Stop = () => undefined;
  /** Where the present subscription is. */
  let at: Channels | undefined;
  /** Whether another connection is about to take over. */
  let isMoving = false;
  /** Subscriptions since the last one that brought something. */
  let attempt = 0;

  function enter(next: Phase, nextRest: Stop = () => undefined): void {
    rest();
    rest = nextRest;
    isMoving = false;
    phase = next;
    onChange(phase);
  }

  function subscribe({ isLive }: { isLive: boolean }): void {
    const { channels } = connection;
    if (!channels) return;
    // The old subscription goes first: a connection may have only so many.
    rest();
    rest = () => undefined;
    const stop = ask(channels, { onReply: () => undefined });
    enter({ is: 'asking', attempt, isLive }, stop);
  }

  /** Another connection is there, and the old one as well, until the new one has answered: nobody notices. */
  function move(channels: Channels): void {
    const leave = rest;
    const stop = ask(channels, { onReply: leave });
    isMoving = true;
    rest = () => {
      leave();
      stop();
    };
  }

  function ask(channels: Channels, { onReply }: { onReply: () => void }): Stop {
    at = channels;
    const askedAt = Date.now();
    const resume = reader.position;
    return channels.subscribe(resume ? { ...request, resume } : request, {
      onReply: (reply) =>
        attend(() => {
          isMoving = false;
          take(reply, askedAt);
          onReply();
        }),
      onMessage: (message) => attend(() => onMessage(message)),
      onRefused: fail,
    });
  }

  function take(reply: SubscribeReply, askedAt: number): void {
    connection.clock.learn(reply.now, { askedAt, answeredAt: Date.now() });
    const resync = reader.accept(reply);
    stats.heardAt = Date.now();
    if (resync) stats.resynced(resync);
    // The subscription goes on, so what ends it stays.
    phase = { is: 'following' };
    onChange(phase, resync);
  }

  function onMessage(message: Message): void {
    const before = reader.count;
    const received = reader.receive(message);
    if (received === 'behind') return isMoving ? undefined : catchUp();
    stats.heardAt = Date.now();
    const points = reader.count - before;
    if (points > 0) stats.came(points, connection.clock.now() - reader.newest);
    attempt = 0;
    if (received === 'changed') onChange(phase);
  }

  /** The first time at once; if that did not help, the server is asked with growing patience. */
  function catchUp(): void {
    stats.gaps++;
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
        if (connection.channels === at) return;
        attempt = 0;
        if (phase.is === 'following') return move(connection.channels!);
        return subscribe({ isLive: phase.is === 'asking' && phase.isLive });
      case 'waiting':
        return enter({ is: 'offline', attempt: state.attempt, reason: state.error, retryAt: state.retryAt });
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
