import { createServer, type Server as HttpServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Server } from 'socket.io';
import {
  encodeFrame,
  HEARTBEAT_MS,
  QuantumFluxError,
  resolveTime,
  streamKey,
  type ClientEvents,
  type FrameRange,
  type GoodbyeReason,
  type Handshake,
  type Range,
  type Reply,
  type ServerEvents,
  type StreamWrite,
  type SubscribeReply,
  type SubscribeRequest,
} from '../protocol/index.ts';
import { MemoryJournal, type Written } from './memory-journal.ts';
import { Subscriptions, type Channel, type LiveSocket } from './subscriptions.ts';

export type TestServerOptions = {
  /** 0, the default, takes a free one. */
  port?: number;
  /** How often heads are sent, in ms. Default 5000; `Infinity`: only when `beat()` is called. */
  heartbeatMs?: number;
  /** Default true. False: as behind a network that blocks WebSocket. */
  webSocket?: boolean;
  /** Throws to refuse a connection. Default: everybody may come in. */
  admit?: (handshake: Handshake) => void;
  /** Throws to refuse a subscription. Default: whatever matches a stream is granted. */
  grant?: (request: SubscribeRequest) => void;
};

/**
 * A server that speaks the whole live protocol (docs/protocol.md) from memory, in this process, and fails on demand:
 * for tests of whatever is built on the SDK. Close it at the end.
 */
export async function createTestServer(options: TestServerOptions = {}): Promise<TestServer> {
  const http = createServer();
  const server = new TestServer(http, options);
  await new Promise<void>((resolve) => http.listen(options.port ?? 0, '127.0.0.1', resolve));
  return server;
}

export class TestServer {
  /** What clients said when they connected, also those that were refused. */
  readonly handshakes: Handshake[] = [];
  /** What was asked of `subscribe`, in order. */
  readonly requests: SubscribeRequest[] = [];
  readonly #http: HttpServer;
  readonly #io: Server<ClientEvents, ServerEvents>;
  readonly #journal = new MemoryJournal();
  readonly #subscriptions = new Subscriptions();
  readonly #heartbeat: NodeJS.Timeout | undefined;
  #framesToLose = 0;
  #held: (() => void)[] | undefined;

  constructor(http: HttpServer, { heartbeatMs = HEARTBEAT_MS, webSocket = true, admit, grant }: TestServerOptions) {
    this.#http = http;
    this.#io = new Server(http, { serveClient: false, transports: webSocket ? ['polling', 'websocket'] : ['polling'] });
    this.#io.use((socket, next) => {
      const handshake = socket.handshake.auth as Handshake;
      this.handshakes.push(handshake);
      next(refusalOf(() => admit?.(handshake)));
    });
    this.#io.on('connection', (socket) => {
      socket.on('subscribe', (request, reply) => this.#subscribe(socket, request, reply, grant));
      socket.on('unsubscribe', ({ channel }, reply) => reply(answerOf(() => this.#unsubscribe(socket, channel))));
      socket.on('disconnect', () => this.#subscriptions.drop(socket));
    });
    if (Number.isFinite(heartbeatMs)) this.#heartbeat = setInterval(() => this.beat(), heartbeatMs).unref();
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#http.address() as AddressInfo).port}`;
  }

  /** How many connections there are. */
  get connections(): number {
    return this.#io.sockets.sockets.size;
  }

  /** How many subscriptions there are, over all connections. */
  get subscriptions(): number {
    return this.#subscriptions.size;
  }

  /** Stores points and sends them to all who watch the stream. */
  write(write: StreamWrite): void {
    const written = this.#journal.append(write);
    for (const channel of this.#subscriptions.channels)
      if (channel.matches(written.stream)) this.#send(channel, written);
  }

  /** Tells all how far the journal is. */
  beat(): void {
    const { epoch, offsets } = this.#journal.position;
    for (const { channel, room, sent } of this.#subscriptions.channels) {
      const ranges = offsets.map(([partition, head]): Range => [partition, sent.get(partition) ?? 0, head]);
      for (const [partition, head] of offsets) sent.set(partition, head);
      this.#io.to(room).emit('heads', { channel, epoch, ranges });
    }
  }

  /** The network loses the next frames. */
  loseFrames(count: number): void {
    this.#framesToLose = count;
  }

  /** Answers to subscriptions wait from now on, until the function that is handed back is called. */
  holdReplies(): () => void {
    this.#held = [];
    return () => {
      const held = this.#held ?? [];
      this.#held = undefined;
      for (const reply of held) reply();
    };
  }

  /** What was written before can no longer be replayed, only shown as history. */
  forget(): void {
    this.#journal.forget();
  }

  /** The database was restored: another epoch, the same streams, no points. Heads of it go to all. */
  restore(): void {
    this.#journal.restore();
    for (const { sent } of this.#subscriptions.channels) sent.clear();
    this.beat();
  }

  /** Nobody may see a stream any more, until the next subscription. */
  hide(key: string): void {
    const ids = this.#journal.streams.filter((stream) => streamKey(stream) === key).map(({ id }) => id);
    for (const { channel, room } of this.#subscriptions.channels)
      this.#io.to(room).emit('gone', { channel, streams: ids });
  }

  /** Sends everybody away. */
  goodbye(reason: GoodbyeReason, { retryMs = 0 }: { retryMs?: number } = {}): void {
    this.#io.emit('goodbye', { reason, retryMs });
    this.#io.disconnectSockets(true);
  }

  /** Cuts all connections without a word. */
  cut(): void {
    for (const socket of this.#io.sockets.sockets.values()) socket.conn.close(true);
  }

  async close(): Promise<void> {
    clearInterval(this.#heartbeat);
    await this.#io.close();
  }

  #subscribe(
    socket: LiveSocket,
    request: SubscribeRequest,
    reply: (reply: Reply<SubscribeReply>) => void,
    grant: TestServerOptions['grant'],
  ): void {
    this.requests.push(request);
    const answer = answerOf(() => {
      grant?.(request);
      return this.#answer(socket, request);
    });
    if (this.#held) this.#held.push(() => reply(answer));
    else reply(answer);
  }

  #answer(socket: LiveSocket, { selector, from = '-15m', wait, resume }: SubscribeRequest): SubscribeReply {
    const channel = this.#subscriptions.channelOf(selector, this.#journal.position);
    const streams = this.#journal.streams.filter(channel.matches);
    if (streams.length === 0 && !wait) throw new QuantumFluxError('not_found', `No stream matches ${selector}.`);
    this.#subscriptions.join(socket, channel);
    const now = Date.now();
    const ids = streams.map(({ id }) => id);
    const head = { channel: channel.channel, now, streams, position: this.#journal.position };
    const missed = resume && this.#journal.since(resume, ids);
    if (typeof missed === 'object') {
      const frame = this.#frameOf(channel.channel, missed);
      return { is: 'resumed', ...head, frame };
    }
    const blocks = this.#journal.history(ids, resolveTime(from, now));
    return { is: 'history', ...head, ...(missed === undefined ? {} : { resync: missed }), intervalMs: null, blocks };
  }

  #unsubscribe(socket: LiveSocket, channel: number): null {
    if (this.#subscriptions.leave(socket, channel)) return null;
    throw new QuantumFluxError('not_found', `This connection has no channel ${channel}.`, { path: 'channel' });
  }

  #send({ channel, room, sent }: Channel, { stream, isNew, partition, entry }: Written): void {
    const to = this.#io.to(room);
    if (isNew) to.emit('streams', { channel, streams: [stream] });
    const after = sent.get(partition) ?? 0;
    sent.set(partition, entry.offset);
    if (this.#framesToLose > 0) {
      this.#framesToLose--;
      return;
    }
    const range = { partition, after, last: entry.offset, entries: [entry] };
    to.emit('frame', this.#frameOf(channel, [range]));
  }

  #frameOf(channel: number, ranges: FrameRange[]): Uint8Array {
    return encodeFrame({
      epoch: this.#journal.epoch,
      sections: [{ channel, delivery: 'whole', skipped: 0, ranges }],
    });
  }
}

function answerOf<Value>(ask: () => Value): Reply<Value> {
  try {
    return { ok: true, value: ask() };
  } catch (cause) {
    return { ok: false, error: toError(cause).toBody() };
  }
}

/** As Socket.io wants it: an error whose `data` goes to the client. */
function refusalOf(check: () => void): Error | undefined {
  const answer = answerOf(check);
  return answer.ok ? undefined : Object.assign(new Error(answer.error.message), { data: answer.error });
}

function toError(cause: unknown): QuantumFluxError {
  return cause instanceof QuantumFluxError ? cause : new QuantumFluxError('internal', String(cause), { cause });
}
