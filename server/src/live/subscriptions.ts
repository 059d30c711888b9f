import {
  MAX_SUBSCRIPTIONS,
  parseSelector,
  QuantumFluxError,
  type Selector,
  type StreamMeta,
  type SubscribeReply,
} from '@quantumflux/sdk/protocol';
import { parse, subscribeRequest, unsubscribeRequest } from '@quantumflux/sdk/protocol/schemas';
import { demand } from '../http/caller.ts';
import type { Log } from '../log.ts';
import type { Audience, LiveStream, Viewer } from './audience.ts';
import type { Audiences } from './audiences.ts';
import { answer } from './replies.ts';
import type { Replay } from './replay.ts';
import type { LiveSocket, Part } from './socket.ts';

/** What subscriptions ask of others. */
export type SubscriptionPorts = {
  log: Log;
  replay: Replay;
  audiences: Audiences;
  catalog: { select(selector: Selector, viewer: Viewer): Promise<LiveStream[]> };
  metrics: { subscriptions: { inc(): void; dec(by?: number): void } };
};

/** Gives every connection the streams that it asks for: history first, then what is new. */
export function createSubscriptions(ports: SubscriptionPorts): Part {
  const { log, audiences, replay, catalog, metrics } = ports;
  const bySocket = new WeakMap<LiveSocket, Audience[]>();
  const of = (socket: LiveSocket) => bySocket.get(socket) ?? [];

  async function subscribe(socket: LiveSocket, input: unknown): Promise<SubscribeReply> {
    const { selector: text, from, width, wait, resume } = parse(subscribeRequest, input);
    const { caller } = socket.data;
    demand(caller, 'streams.read');
    if (of(socket).length >= MAX_SUBSCRIPTIONS) {
      throw new QuantumFluxError(
        'too_large',
        `A connection may have ${MAX_SUBSCRIPTIONS} subscriptions. End some first.`,
      );
    }
    const selector = parseSelector(text);
    const viewer = { organization: caller.organization, publicOnly: caller.publicOnly };
    const audience = audiences.join(selector, viewer);
    of(socket).push(audience);
    metrics.subscriptions.inc();
    try {
      // Joined before anything is read, and where the audience is in this moment: replay.ts says why nothing falls between.
      void socket.join(audience.room);
      const at = audiences.position();
      const streams = await catalog.select(selector, viewer);
      if (streams.length === 0 && !wait) {
        throw new QuantumFluxError(
          'not_found',
          `No stream matches ${text}. A stream exists once a point was written to it.`,
        );
      }
      audience.meet(streams);
      const now = Date.now();
      const ids = streams.map(({ id }) => id);
      const head = { channel: audience.channel, now, streams: streams.map(metaOf) };
      const newcomer = { audience, protocol: socket.data.protocol, at, ids };
      const missed = resume && (await replay.since(newcomer, resume));
      if (missed && 'frame' in missed) return { is: 'resumed', ...head, ...missed };
      const { begun, ...history } = await replay.history(newcomer, { from, width, now });
      audience.meet(begun);
      return { is: 'history', ...head, streams: [...head.streams, ...begun.map(metaOf)], ...missed, ...history };
    } catch (error) {
      drop(socket, audience);
      throw error;
    }
  }

  /** Ends one subscription; the room is left with the last one. */
  function drop(socket: LiveSocket, audience: Audience): void {
    const index = of(socket).indexOf(audience);
    // Gone with its socket already.
    if (index < 0) return;
    of(socket).splice(index, 1);
    metrics.subscriptions.dec();
    if (!of(socket).includes(audience)) void socket.leave(audience.room);
    audiences.leave(audience);
  }

  function unsubscribe(socket: LiveSocket, input: unknown): null {
    const { channel } = parse(unsubscribeRequest, input);
    const audience = of(socket).find((each) => each.channel === channel);
    if (!audience)
      throw new QuantumFluxError('not_found', `This connection has no channel ${channel}.`, { path: 'channel' });
    drop(socket, audience);
    return null;
  }

  return {
    attend(socket) {
      bySocket.set(socket, []);
      answer(socket, 'subscribe', log, (input) => subscribe(socket, input));
      answer(socket, 'unsubscribe', log, (input) => unsubscribe(socket, input));
      return () => {
        metrics.subscriptions.dec(of(socket).length);
        for (const audience of of(socket).splice(0)) audiences.leave(audience);
      };
    },
  };
}

export function metaOf({ id, stream, tags, unit, kind }: LiveStream): StreamMeta {
  return { id, stream, tags, unit, kind };
}
