import { HEARTBEAT_MS } from '@quantumflux/sdk/protocol';
import type { Bus, Stop } from '../bus/bus.ts';
import type { Authenticate } from '../http/caller.ts';
import { createBroadcast, type BroadcastOptions, type BroadcastPorts } from './broadcast.ts';
import { shareCallers } from './callers.ts';
import type { LiveStream } from './channel.ts';
import { createExpiry } from './expiry.ts';
import { followJournal, type Entry, type FollowerOptions } from './follower.ts';
import { dismiss } from './goodbye.ts';
import { admit } from './handshake.ts';
import { answerUnknownEvents } from './replies.ts';
import { startPresence } from './presence.ts';
import { createReplay, type ReplayPorts } from './replay.ts';
import { startRevocation } from './revocation.ts';
import type { AskRights } from './rights.ts';
import type { LiveServer, Part } from './socket.ts';
import { createSubscriptions, type SubscriptionPorts } from './subscriptions.ts';
import { createWelcome } from './welcome.ts';

/** What the live side asks of others. */
export type LivePorts = Omit<SubscriptionPorts, 'broadcast' | 'replay'> &
  Omit<ReplayPorts, 'recent'> & {
    io: LiveServer;
    bus: Bus;
    authenticate: Authenticate;
    rights: AskRights;
    catalog: {
      get(id: number): LiveStream | undefined;
      meet(ids: number[]): Promise<void>;
      look(): Promise<void>;
      watch(watcher: {
        onChange: (streams: LiveStream[]) => void;
        onNew?: (streams: LiveStream[]) => void;
      }): () => void;
    };
    /** The partition in which a stream lives. */
    partitionOf: (stream: number) => number;
    /** Keeps the newest entries for those who read history. */
    recent: ReplayPorts['recent'] & BroadcastPorts['recent'] & { add(entry: Entry): void; clear(): void };
    metrics: { liveSockets: { inc(): void; dec(): void }; framesSent: { inc(by: number): void } };
  };

export type LiveOptions = FollowerOptions & BroadcastOptions;

/** Gives every socket the streams it asked for: history first, then what is new. */
export async function startLiveGateway(ports: LivePorts, options: LiveOptions = {}): Promise<Stop> {
  const { io, bus, authenticate, catalog, metrics, recent } = ports;

  const start = await ports.journal.heads();
  const broadcast = createBroadcast(
    {
      streamOf: catalog.get,
      meet: catalog.meet,
      following: {
        partitionOf: ports.partitionOf,
        markOf: (partition) => follower.markOf(partition),
        watch: (partition) => follower.watch(partition),
      },
      recent,
      onFrames: (count) => metrics.framesSent.inc(count),
    },
    start,
    options,
  );
  const replay = createReplay(ports);
  const follower = await followJournal(
    { ...ports, start, meetStreams: catalog.look },
    {
      onEntry(entry) {
        recent.add(entry);
        broadcast.onEntry(entry);
      },
      onHead: broadcast.onHead,
      onReset(position) {
        recent.clear();
        replay.clear();
        broadcast.onReset(position);
        // Everyone comes back with a position, and is told there that it no longer holds.
        dismiss(io, 'shutdown', { retryMs: 1_000 });
      },
    },
    options,
  );

  // What every connection has. The first is also the first to speak to it.
  const revocation = await startRevocation(ports);
  const presence = await startPresence(ports);
  const parts: readonly Part[] = [
    createWelcome(),
    createSubscriptions({ ...ports, broadcast, replay }),
    createExpiry(ports),
    revocation,
    presence,
  ];

  const callers = await shareCallers(authenticate, bus);
  const door = { authenticate: callers.authenticate, log: ports.log };
  io.use((socket, next) => void admit(socket, door).then(next));
  io.on('connection', (socket) => {
    metrics.liveSockets.inc();
    const leave = parts.map((part) => part.attend(socket));
    answerUnknownEvents(socket);
    socket.on('disconnect', () => {
      metrics.liveSockets.dec();
      for (const each of leave) each();
    });
  });

  const heartbeat = setInterval(broadcast.beat, HEARTBEAT_MS);
  const stopWatching = catalog.watch({
    onChange: broadcast.onChange,
    // Where all is followed, a stream is met with its first entry.
    ...(options.follow === 'watched' && { onNew: broadcast.onNew }),
  });

  return async () => {
    clearInterval(heartbeat);
    stopWatching();
    await Promise.all([callers.stop(), revocation.stop(), presence.stop(), follower.stop()]);
    dismiss(io, 'shutdown', { retryMs: 500 });
    broadcast.stop();
    await io.close();
  };
}
