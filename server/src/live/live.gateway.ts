import {
  HEARTBEAT_MS,
  MAX_SUBSCRIPTIONS,
  parseSelector,
  QuantumFluxError,
  type ClientEvents,
  type GoodbyeReason,
  type Selector,
  type ServerEvents,
  type StreamMeta,
  type SubscribeReply,
} from '@quantumflux/sdk/protocol';
import { parse, subscribeRequest, unsubscribeRequest } from '@quantumflux/sdk/protocol/schemas';
import type { Server, Socket } from 'socket.io';
import type { Bus, Stop } from '../bus/bus.ts';
import { demand, type Authenticate, type Caller } from '../http/caller.ts';
import type { Log } from '../log.ts';
import type { Audience, LiveStream, Viewer } from './audience.ts';
import { createAudiences } from './audiences.ts';
import { followJournal, type Entry, type FollowerOptions } from './follower.ts';
import { admit } from './handshake.ts';
import { answer, answerUnknownEvents } from './replies.ts';
import { replayHistory, replaySince, type ReplayPorts } from './replay.ts';

export type SocketData = { caller: Caller; audiences: Audience[] };
export type LiveServer = Server<ClientEvents, ServerEvents, Record<string, never>, SocketData>;
export type LiveSocket = Socket<ClientEvents, ServerEvents, Record<string, never>, SocketData>;

/** What the live side asks of others. */
export type LivePorts = ReplayPorts & {
  io: LiveServer;
  bus: Bus;
  log: Log;
  authenticate: Authenticate;
  catalog: {
    select(selector: Selector, viewer: Viewer): Promise<LiveStream[]>;
    get(id: number): LiveStream | undefined;
    meet(ids: number[]): Promise<void>;
    watch(onChange: (streams: LiveStream[]) => void): () => void;
  };
  /** Keeps the newest entries for those who read history. */
  recent: { add(entry: Entry): void; clear(): void };
  metrics: Record<'liveSockets' | 'subscriptions', { inc(): void; dec(by?: number): void }> & {
    framesSent: { inc(by: number): void };
  };
};

/** How long a socket may take nothing before it is sent away, in packets that wait for it. */
const MAX_WAITING_PACKETS = 2_000;

/** Gives every socket the streams it asked for: history first, then what is new. */
export async function startLiveGateway(ports: LivePorts, options: FollowerOptions = {}): Promise<Stop> {
  const { io, bus, log, authenticate, catalog, metrics } = ports;

  const audiences = createAudiences(
    {
      streamOf: catalog.get,
      meet: catalog.meet,
      send: {
        frame({ room, size }, frame) {
          metrics.framesSent.inc(size);
          io.to(room).emit('frame', frame);
        },
        streams: ({ room, channel }, streams) =>
          void io.to(room).emit('streams', { channel, streams: streams.map(metaOf) }),
        gone: ({ room, channel }, streams) => void io.to(room).emit('gone', { channel, streams }),
        heads: ({ room, channel }, message) => void io.to(room).emit('heads', { channel, ...message }),
      },
    },
    await ports.journal.heads(),
  );
  const follower = await followJournal(
    ports,
    {
      onEntry(entry) {
        ports.recent.add(entry);
        audiences.onEntry(entry);
      },
      onReset(position) {
        ports.recent.clear();
        audiences.onReset(position);
        // Everyone comes back with a position, and is told there that it no longer holds.
        dismiss(io, 'shutdown', { retryMs: 1_000 });
      },
    },
    options,
  );

  async function subscribe(socket: LiveSocket, input: unknown): Promise<SubscribeReply> {
    const { selector: text, from, width, wait, resume } = parse(subscribeRequest, input);
    const { caller } = socket.data;
    demand(caller, 'streams.read');
    if (socket.data.audiences.length >= MAX_SUBSCRIPTIONS) {
      throw new QuantumFluxError(
        'too_large',
        `A connection may have ${MAX_SUBSCRIPTIONS} subscriptions. End some first.`,
      );
    }
    const selector = parseSelector(text);
    const viewer = { organization: caller.organization, publicOnly: caller.publicOnly };
    const audience = audiences.join(selector, viewer);
    socket.data.audiences.push(audience);
    metrics.subscriptions.inc();
    try {
      // Join before reading, so that nothing falls between; the client drops what it has twice.
      await socket.join(audience.room);
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
      const wants = (id: number) => ids.includes(id);
      const missed = resume && (await replaySince(ports, resume, { channel: audience.channel, wants }));
      if (missed && 'frame' in missed) return { is: 'resumed', ...head, ...missed };
      return { is: 'history', ...head, ...missed, ...(await replayHistory(ports, ids, { from, width, now })) };
    } catch (error) {
      drop(socket, audience);
      throw error;
    }
  }

  /** Ends one subscription; the room is left with the last one. */
  function drop(socket: LiveSocket, audience: Audience): void {
    const index = socket.data.audiences.indexOf(audience);
    // Gone with its socket already.
    if (index < 0) return;
    socket.data.audiences.splice(index, 1);
    metrics.subscriptions.dec();
    if (!socket.data.audiences.includes(audience)) void socket.leave(audience.room);
    audiences.leave(audience);
  }

  function unsubscribe(socket: LiveSocket, input: unknown): null {
    const { channel } = parse(unsubscribeRequest, input);
    const audience = socket.data.audiences.find((each) => each.channel === channel);
    if (!audience)
      throw new QuantumFluxError('not_found', `This connection has no channel ${channel}.`, { path: 'channel' });
    drop(socket, audience);
    return null;
  }

  io.use((socket, next) => void admit(socket, authenticate).then(next));
  io.on('connection', (socket) => {
    metrics.liveSockets.inc();
    const stopExpiry = expire(socket);
    answer(socket, 'subscribe', log, (input) => subscribe(socket, input));
    answer(socket, 'unsubscribe', log, (input) => unsubscribe(socket, input));
    answerUnknownEvents(socket);
    socket.on('disconnect', () => {
      stopExpiry();
      metrics.liveSockets.dec();
      metrics.subscriptions.dec(socket.data.audiences.length);
      for (const audience of socket.data.audiences.splice(0)) audiences.leave(audience);
    });
  });

  const heartbeat = setInterval(() => {
    audiences.beat();
    for (const socket of io.sockets.sockets.values()) {
      // Not part of the types, but the one place where what waits can be counted.
      const waiting = socket.conn['writeBuffer'] as unknown[];
      if (waiting.length > MAX_WAITING_PACKETS) socket.disconnect(true);
    }
  }, HEARTBEAT_MS);
  const stopWatching = catalog.watch(audiences.onChange);
  const stopRevoking = await bus.subscribe('keys', ({ id }) => {
    for (const socket of io.sockets.sockets.values()) {
      if (socket.data.caller.subject === `key:${id}`) dismiss(socket, 'revoked', { retryMs: 0 });
    }
  });

  return async () => {
    clearInterval(heartbeat);
    stopWatching();
    await Promise.all([stopRevoking(), follower.stop()]);
    dismiss(io, 'shutdown', { retryMs: 500 });
    await io.close();
  };
}

function expire(socket: LiveSocket): () => void {
  const { expiresAt } = socket.data.caller;
  if (expiresAt === null) return () => undefined;
  const timer = setTimeout(() => dismiss(socket, 'expired', { retryMs: 0 }), Math.max(0, expiresAt - Date.now()));
  return () => clearTimeout(timer);
}

function dismiss(target: LiveServer | LiveSocket, reason: GoodbyeReason, { retryMs }: { retryMs: number }): void {
  target.emit('goodbye', { reason, retryMs });
  if ('disconnectSockets' in target) target.disconnectSockets(true);
  else target.disconnect(true);
}

function metaOf({ id, stream, tags, unit, kind }: LiveStream): StreamMeta {
  return { id, stream, tags, unit, kind };
}
