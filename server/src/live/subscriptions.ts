import {
  MAX_SUBSCRIPTIONS,
  parseSelector,
  QuantumFluxError,
  resolveTime,
  type Selector,
  type SubscribeReply,
  type TimeInput,
} from '@quantumflux/sdk/protocol';
import { parse, subscribeRequest, unsubscribeRequest } from '@quantumflux/sdk/protocol/schemas';
import { demand } from '../http/caller.ts';
import type { Log } from '../log.ts';
import { metaOf, type Broadcast } from './broadcast.ts';
import type { Channel, Conflation, LiveStream, Viewer } from './channel.ts';
import { Member } from './member.ts';
import { Outlet } from './outlet.ts';
import { answer } from './replies.ts';
import type { Replay, ReplayPorts } from './replay.ts';
import type { Part } from './socket.ts';

/** What subscriptions ask of others. */
export type SubscriptionPorts = Pick<ReplayPorts, 'intervalFor'> & {
  log: Log;
  replay: Replay;
  broadcast: Broadcast;
  catalog: { select(selector: Selector, viewer: Viewer): Promise<LiveStream[]> };
  metrics: { subscriptions: { inc(): void; dec(by?: number): void } };
};

/** Gives every connection the streams that it asks for: history first, then what is new. */
export function createSubscriptions(ports: SubscriptionPorts): Part {
  const { log, broadcast, replay, catalog, metrics, intervalFor } = ports;

  async function subscribe(member: Member, input: unknown): Promise<SubscribeReply> {
    const { selector: text, from, width, wait, resume, maxHz } = parse(subscribeRequest, input);
    const { caller, protocol } = member.socket.data;
    demand(caller, 'streams.read');
    if (member.channels.length >= MAX_SUBSCRIPTIONS) {
      throw new QuantumFluxError(
        'too_large',
        `A connection may have ${MAX_SUBSCRIPTIONS} subscriptions. End some first.`,
      );
    }
    const selector = parseSelector(text);
    const viewer = { organization: caller.organization, publicOnly: caller.publicOnly };
    const conflation = maxHz === undefined ? undefined : conflationFor({ from, width, maxHz });
    if (conflation && protocol < 2) {
      throw new QuantumFluxError('invalid_input', 'Version 1 of the protocol has no maxHz. Update the client.', {
        path: 'maxHz',
      });
    }
    // Joined before anything is read, and where the channels are in this moment: replay.ts says why nothing falls between.
    const channel = broadcast.join(member, { selector, viewer, conflation });
    metrics.subscriptions.inc();
    try {
      for (;;) {
        // Nothing is followed any more for somebody who left meanwhile.
        if (!member.channels.includes(channel)) throw new QuantumFluxError('unavailable', 'The connection has ended.');
        const { at, covers } = broadcast.moment();
        const streams = await catalog.select(selector, viewer);
        if (streams.length === 0 && !wait) {
          throw new QuantumFluxError(
            'not_found',
            `No stream matches ${text}. A stream exists once a point was written to it.`,
          );
        }
        const ids = streams.map(({ id }) => id);
        // From here on they are followed. What went by of them until here, after `at`, nobody brings us.
        meet(channel, streams);
        if (!covers(ids)) continue;

        const now = Date.now();
        const head = { channel: channel.id, now, streams: streams.map(metaOf), ...(conflation ? { conflation } : {}) };
        const newcomer = { channel, protocol, at, ids };
        const missed = resume && (await replay.since(newcomer, resume));
        if (missed && 'frame' in missed) return { is: 'resumed', ...head, ...missed };
        const { begun, ...history } = await replay.history(newcomer, { from, width, now });
        meet(channel, begun);
        if (!covers(begun.map(({ id }) => id))) continue;
        return { is: 'history', ...head, streams: [...head.streams, ...begun.map(metaOf)], ...missed, ...history };
      }
    } catch (error) {
      drop(member, channel);
      throw error;
    }
  }

  function conflationFor({ from, width, maxHz }: { from: TimeInput; width: number; maxHz: number }): Conflation {
    const now = Date.now();
    return { intervalMs: intervalFor(Math.max(1, now - resolveTime(from, now)), width), maxHz };
  }

  function meet(channel: Channel, streams: readonly LiveStream[]): void {
    broadcast.introduce(channel, streams);
    channel.meet(streams.map(({ id }) => id));
  }

  function drop(member: Member, channel: Channel): void {
    // Gone with its socket already, if there is none.
    if (broadcast.leave(member, channel)) metrics.subscriptions.dec();
  }

  function unsubscribe(member: Member, input: unknown): null {
    const { channel: id } = parse(unsubscribeRequest, input);
    const channel = member.channels.find((each) => each.id === id);
    if (!channel) throw new QuantumFluxError('not_found', `This connection has no channel ${id}.`, { path: 'channel' });
    drop(member, channel);
    return null;
  }

  return {
    attend(socket) {
      const member = new Member(socket, new Outlet(socket));
      answer(socket, 'subscribe', log, (input) => subscribe(member, input));
      answer(socket, 'unsubscribe', log, (input) => unsubscribe(member, input));
      return () => {
        metrics.subscriptions.dec(member.channels.length);
        broadcast.remove(member);
      };
    },
  };
}
