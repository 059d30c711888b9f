import type { QuantumFluxClient } from '../client.ts';
import type { ClientOptions, Stop } from '../options.ts';
import {
  HEARTBEAT_MS,
  PROTOCOL_VERSION,
  QuantumFluxError,
  streamKey,
  type GoodbyeReason,
  type Handshake,
  type Section,
  type StreamWrite,
  type SubscribeRequest,
} from '../protocol/index.ts';
import { Audiences, sectionsFor } from './audiences.ts';
import { ClientInProcess } from './client.ts';
import { Journal } from './journal.ts';
import { replyTo } from './replies.ts';
import { Rooms } from './rooms.ts';
import { Session, type Asked, type Wire } from './session.ts';
import { subscribe } from './subscribe.ts';

export type MemoryServerOptions = {
  /** How often heads are sent, in ms. Default 5000; `Infinity`: only when `beat()` is called. */
  heartbeatMs?: number;
  /** How long everything is on its way to and from clients of `connect()`, in ms. Default 0. */
  latencyMs?: number;
  /** Version of the protocol that it speaks. Default: the newest. */
  protocol?: number;
  /** Throws to refuse a connection or a request. Default: everybody may come in. */
  admit?: (handshake: Handshake) => void;
  /** Throws to refuse a subscription. Default: whatever matches a stream is granted. */
  grant?: (request: SubscribeRequest) => void;
  /** When a credential ends, in ms since the epoch; null, the default: not by itself. */
  expiresAt?: (credential: { token?: string; key?: string }) => number | null;
};

/**
 * A server that speaks the whole live protocol (docs/protocol.md) from memory, in this process and without a network, and
 * fails on demand: for tests and stories of whatever is built on the SDK. Close it at the end.
 */
export function createMemoryServer(options: MemoryServerOptions = {}): MemoryServer {
  return new MemoryServer(options);
}

export class MemoryServer {
  /** What clients said when they connected, also those that were refused. */
  readonly handshakes: Handshake[] = [];
  /** What was asked of `subscribe`, in order. */
  readonly requests: SubscribeRequest[] = [];
  /** Tokens that were sent with `auth.refresh`. */
  readonly refreshed: string[] = [];
  readonly #options: MemoryServerOptions;
  readonly #journal = new Journal();
  readonly #sessions = new Set<Session>();
  readonly #audiences = new Audiences();
  readonly #rooms = new Rooms();
  readonly #clients = new Set<QuantumFluxClient>();
  readonly #heartbeat: ReturnType<typeof setInterval> | undefined;
  #flushTimer: ReturnType<typeof setTimeout> | undefined;
  #framesToLose = 0;
  #held: (() => void)[] | undefined;
  #isStalled = false;
  #isAway = false;
  #stoppedAt: number | undefined;

  constructor(options: MemoryServerOptions = {}) {
    this.#options = options;
    const { heartbeatMs = HEARTBEAT_MS } = options;
    if (Number.isFinite(heartbeatMs)) this.#heartbeat = setInterval(() => this.beat(), heartbeatMs);
    // In Node, a test that forgot to close it still ends.
    (this.#heartbeat as { unref?: () => void } | undefined)?.unref?.();
  }

  /** A client of this server, like those that `connect()` of the SDK makes. It is closed with the server. */
  connect(options: Partial<ClientOptions> = {}): QuantumFluxClient {
    const { latencyMs = 0, admit = () => undefined } = this.#options;
    const client = new ClientInProcess(options, {
      journal: this.#journal,
      latencyMs,
      admit,
      server: this,
      write: (write) => this.write(write),
      now: () => this.now(),
      isAway: () => this.#isAway,
    });
    this.#clients.add(client);
    return client;
  }

  /** The server's clock, in ms since the epoch. */
  now(): number {
    return this.#stoppedAt ?? Date.now();
  }

  /** How many connections there are. */
  get connections(): number {
    return this.#sessions.size;
  }

  /** How many subscriptions there are, over all connections. */
  get subscriptions(): number {
    return this.#audiences.size;
  }

  /** Stores points and sends them to all who watch the stream. */
  write(write: StreamWrite): void {
    const { entry, isNew } = this.#journal.append(write);
    for (const channel of this.#audiences.channels) {
      if (!channel.matches(entry.stream)) continue;
      if (isNew) this.#audiences.tell(channel, 'streams', { channel: channel.number, streams: [entry.stream] });
      channel.add(entry);
    }
    this.#flush();
  }

  /** Tells all how far the journal is. */
  beat(): void {
    if (this.#isStalled) return;
    this.#flush({ all: true });
    const { epoch } = this.#journal;
    const heads = sectionsFor(this.#audiences.channels, (channel) => channel.heads(this.#journal.position));
    for (const [session, sections] of heads) session.sendHeads(epoch, sections);
  }

  /** The network loses the next frames with points. */
  loseFrames(count: number): void {
    this.#framesToLose = count;
  }

  /** Answers to subscriptions wait from now on, until the function that is handed back is called. */
  holdReplies(): Stop {
    this.#held = [];
    return () => {
      const held = this.#held ?? [];
      this.#held = undefined;
      for (const reply of held) reply();
    };
  }

  /** Clients are too slow from now on, until the function that is handed back is called: they get the newest only (S15). */
  stall(): Stop {
    this.#isStalled = true;
    return () => {
      this.#isStalled = false;
      this.#flush({ all: true, coalesced: true });
    };
  }

  /** Cuts all connections and answers nobody, until the function that is handed back is called. */
  goAway(): Stop {
    this.#isAway = true;
    this.cut();
    return () => void (this.#isAway = false);
  }

  /** The clock stands still from now on, until the function that is handed back is called. Default: at the present time. */
  stopClock(at = this.now()): Stop {
    this.#stoppedAt = at;
    return () => void (this.#stoppedAt = undefined);
  }

  /** What was written before can no longer be replayed, only shown as history. */
  forget(): void {
    this.#journal.forget();
  }

  /** The database was restored: another epoch, the same streams, no points. Heads of it go to all. */
  restore(): void {
    this.#journal.restore();
    for (const channel of this.#audiences.channels) channel.restart();
    this.beat();
  }

  /** Nobody may see a stream any more, until the next subscription. */
  hide(key: string): void {
    const ids = this.#journal.streams.filter((stream) => streamKey(stream) === key).map(({ id }) => id);
    for (const channel of this.#audiences.channels)
      this.#audiences.tell(channel, 'gone', { channel: channel.number, streams: ids });
  }

  /** Asks everybody for a fresh token (A5). */
  askForToken({ expiresAt }: { expiresAt: number }): void {
    for (const { isNew, wire } of this.#sessions) if (isNew) wire.send('auth.refresh', { expiresAt });
  }

  /** Tells everybody to connect again soon (G2); until then all goes on. */
  drain({ afterMs = 0 } = {}): void {
    for (const { isNew, wire } of this.#sessions) if (isNew) wire.send('drain', { afterMs });
  }

  /** Sends everybody away. */
  goodbye(reason: GoodbyeReason, { retryMs = 0 }: { retryMs?: number } = {}): void {
    for (const { wire } of [...this.#sessions]) {
      wire.send('goodbye', { reason, retryMs });
      wire.close('ended');
    }
  }

  /** Cuts all connections without a word. */
  cut(): void {
    for (const { wire } of [...this.#sessions]) wire.close('cut');
  }

  /** Ends all clients that it made, and its timers. */
  close(): Promise<void> {
    clearInterval(this.#heartbeat);
    clearTimeout(this.#flushTimer);
    for (const client of this.#clients) client.close();
    this.#clients.clear();
    return Promise.resolve();
  }

  /** For transports: whether a connection may come in. Throws when not. */
  admit(handshake: Handshake): void {
    this.handshakes.push(handshake);
    if (this.#isAway) throw new QuantumFluxError('unavailable', 'The server is away.');
    const { protocol = PROTOCOL_VERSION, admit } = this.#options;
    if (handshake.protocol > protocol + 1)
      throw new QuantumFluxError('invalid_input', `This server speaks version ${protocol}.`, { path: 'protocol' });
    admit?.(handshake);
  }

  /** For transports: a connection that was admitted. `leave` is to be called when it is gone, from whichever side. */
  open(handshake: Handshake, wire: Wire): { asked: Asked; leave: Stop } {
    const protocol = Math.min(this.#options.protocol ?? PROTOCOL_VERSION, handshake.protocol);
    const session = new Session(wire, { protocol });
    this.#sessions.add(session);
    const expiresAt = this.#options.expiresAt?.(handshake) ?? null;
    if (session.isNew) wire.send('welcome', { protocol, now: this.now(), expiresAt });
    return { asked: this.#asked(session), leave: () => this.#drop(session) };
  }

  #asked(session: Session): Asked {
    const ports = () => ({ journal: this.#journal, audiences: this.#audiences, now: this.now() });
    return {
      subscribe: (request, reply) => {
        this.requests.push(request);
        const answer = replyTo(() => {
          this.#options.grant?.(request);
          return subscribe(session, request, ports());
        });
        if (this.#held) this.#held.push(() => reply(answer));
        else reply(answer);
      },
      unsubscribe: ({ channel }, reply) => reply(replyTo(() => (this.#audiences.leave(session, channel), null))),
      'auth.refresh': ({ token }, reply) => {
        this.refreshed.push(token);
        reply(replyTo(() => ({ expiresAt: this.#options.expiresAt?.({ token }) ?? null })));
      },
      'presence.join': ({ room, name }, reply) =>
        reply(replyTo(() => this.#rooms.join(session, { room, name, now: this.now() }))),
      'presence.leave': ({ room }, reply) => reply(replyTo(() => (this.#rooms.leave(session, room), null))),
    };
  }

  #drop(session: Session): void {
    if (!this.#sessions.delete(session)) return;
    this.#rooms.leaveAll(session);
    this.#audiences.drop(session);
  }

  /** Sends what waits. Without `all`, what is conflated waits until its time has come. */
  #flush({ all = false, coalesced = false } = {}): void {
    if (this.#isStalled) return;
    clearTimeout(this.#flushTimer);
    const now = Date.now();
    const waiting = this.#audiences.channels.filter(({ isWaiting }) => isWaiting);
    const due = waiting.filter(({ dueAt }) => all || dueAt <= now);
    const next = Math.min(...waiting.filter((channel) => !due.includes(channel)).map(({ dueAt }) => dueAt));
    if (next < Infinity) this.#flushTimer = setTimeout(() => this.#flush(), next - now);
    const frames = sectionsFor(due, (channel) => channel.take({ coalesced }));
    if (frames.size > 0 && this.#framesToLose > 0) return void this.#framesToLose--;
    for (const [session, sections] of frames) this.#send(session, sections);
  }

  #send(session: Session, sections: readonly Section[]): void {
    // Version 1 cannot be told that points are left out (F4).
    if (session.isNew || sections.every(({ skipped }) => skipped === 0))
      return session.sendPoints(this.#journal.epoch, sections);
    session.wire.send('goodbye', { reason: 'shutdown', retryMs: 0 });
    session.wire.close('ended');
  }
}
