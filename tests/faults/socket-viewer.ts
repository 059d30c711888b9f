import {
  blocksOf,
  decodeBlock,
  decodeFrame,
  type ErrorBody,
  type Position,
  type Section,
  type StreamMeta,
  type SubscribeReply,
} from '@quantumflux/sdk/protocol';
import WebSocket from 'ws';

// A viewer of one subscription that costs next to nothing: it speaks Engine.IO and Socket.io by hand, and keeps of what it
// sees only the next number of each stream. Thousands of them fit into a process. The values of the streams count 0, 1, 2 …

/** What many viewers saw together. */
export type Tally = {
  /** Let in, subscribed or not. */
  connected: number;
  /** Subscribed, and answered. */
  live: number;
  /** Attempts that were answered 503. */
  refused: number;
  resyncs: number;
  resumed: number;
  /** What must not be, a sentence each. */
  wrong: string[];
  /** How long those who lost the connection were away, until they were live again, in ms. */
  awayMs: number[];
};

export const emptyTally = (): Tally => ({
  connected: 0,
  live: 0,
  refused: 0,
  resyncs: 0,
  resumed: 0,
  wrong: [],
  awayMs: [],
});

export type SocketViewerOptions = {
  url: string;
  key: string;
  selector: string;
  /** Whether it subscribes as soon as it is let in. Default true; else with `subscribe`. */
  subscribes?: boolean;
  /** The waits of the SDK between attempts, in ms. */
  minMs?: number;
  maxMs?: number;
  /** The first attempt is made after so many ms. Default 0. */
  afterMs?: number;
};

/** What the event `streams` says. */
type Told = { streams: StreamMeta[] };

/** Where to the position of a viewer goes with a range. */
type Step = 'drop' | 'gap' | { since: number };

/** A viewer that comes back by itself, and resumes. */
export class SocketViewer {
  readonly #options: Required<SocketViewerOptions>;
  readonly #tally: Tally;
  readonly #next = new Map<number, number>();
  /** Streams that it was told of. */
  readonly #known = new Set<number>();
  #socket: WebSocket | undefined;
  #subscribes: boolean;
  #isClosed = false;
  #attempt = 0;
  #lostAt: number | undefined;
  #state: 'away' | 'connected' | 'live' = 'away';
  #channel: number | undefined;
  #epoch = 0;
  #offsets: Map<number, number> | undefined;
  /** What came before the reply (S2). */
  #early: [epoch: number, Section][] = [];
  /** A packet of Socket.io whose binary part is still to come. */
  #announced: string | undefined;
  #timer: NodeJS.Timeout | undefined;

  constructor(options: SocketViewerOptions, tally: Tally) {
    this.#options = { subscribes: true, minMs: 500, maxMs: 20_000, afterMs: 0, ...options };
    this.#subscribes = this.#options.subscribes;
    this.#tally = tally;
    this.#timer = setTimeout(() => this.#open(), this.#options.afterMs);
  }

  /** How many values it has of the stream that it has least of; 0 before it has any. */
  get lowest(): number {
    return this.#next.size === 0 ? 0 : Math.min(...this.#next.values());
  }

  get streams(): number {
    return this.#next.size;
  }

  subscribe(): void {
    this.#subscribes = true;
    if (this.#state === 'connected') this.#ask();
  }

  /** Loses its connection, as by the network, and comes back. */
  drop(): void {
    this.#socket?.terminate();
  }

  close(): void {
    this.#isClosed = true;
    clearTimeout(this.#timer);
    this.#socket?.terminate();
  }

  #open(): void {
    const address = `${this.#options.url.replace('http', 'ws')}/socket.io/?EIO=4&transport=websocket`;
    const socket = new WebSocket(address, { perMessageDeflate: false, handshakeTimeout: 20_000 });
    this.#socket = socket;
    socket.on('unexpected-response', (req, res) => {
      if (res.statusCode === 503) this.#tally.refused += 1;
      else this.#tally.wrong.push(`a handshake was answered ${res.statusCode}`);
      req.destroy();
      this.#lost(socket);
    });
    socket.on('error', () => undefined);
    socket.on('close', () => this.#lost(socket));
    // Before version 8 of ws, text comes as a string, and nothing else says what it is.
    socket.on('message', (data: Buffer | string, isBinary = typeof data !== 'string') => {
      if (isBinary) this.#onBytes(data as Buffer);
      else this.#onText(data.toString());
    });
  }

  #lost(socket: WebSocket): void {
    if (this.#socket !== socket || this.#isClosed) return;
    this.#socket = undefined;
    if (this.#state === 'live') this.#lostAt = performance.now();
    this.#enter('away');
    const ceiling = Math.min(this.#options.maxMs, this.#options.minMs * 2 ** ++this.#attempt);
    const delayMs = this.#options.minMs + Math.random() * (ceiling - this.#options.minMs);
    this.#timer = setTimeout(() => this.#open(), delayMs);
  }

  #enter(state: 'away' | 'connected' | 'live'): void {
    const tally = this.#tally;
    if (this.#state !== 'away') tally.connected -= 1;
    if (this.#state === 'live') tally.live -= 1;
    this.#state = state;
    if (state !== 'away') tally.connected += 1;
    if (state === 'live') tally.live += 1;
  }

  #onText(text: string): void {
    if (text === '2') return this.#socket!.send('3');
    if (text.startsWith('0')) {
      return this.#socket!.send(`40${JSON.stringify({ protocol: 2, key: this.#options.key, frames: 'bare' })}`);
    }
    if (text.startsWith('40')) {
      this.#attempt = 0;
      this.#enter('connected');
      if (this.#subscribes) this.#ask();
    } else if (text.startsWith('44')) this.#fail('it was refused', text);
    else if (text.startsWith('45') || text.startsWith('46')) this.#announced = text;
    else if (text.startsWith('42["streams"')) this.#meet((JSON.parse(text.slice(2)) as [string, Told])[1].streams);
    else if (text.startsWith('430')) this.#onReply(JSON.parse(text.slice(3)) as unknown[], undefined);
  }

  #onBytes(data: Buffer): void {
    const announced = this.#announced;
    this.#announced = undefined;
    if (announced === undefined) return this.#onFrame(data);
    // `461-0[…]`: the reply to packet 0, with one binary part.
    const [, payload] = /^46\d+-0(.*)$/s.exec(announced) ?? [];
    if (payload !== undefined) this.#onReply(JSON.parse(payload) as unknown[], data);
  }

  #ask(): void {
    const { selector } = this.#options;
    const resume: Position | undefined = this.#offsets && { epoch: this.#epoch, offsets: [...this.#offsets] };
    this.#channel = undefined;
    this.#early = [];
    this.#socket!.send(`420${JSON.stringify(['subscribe', { selector, from: '-1h', width: 10_000, resume }])}`);
  }

  #onReply([reply]: unknown[], bytes: Buffer | undefined): void {
    const answer = reply as { ok: true; value: SubscribeReply } | { ok: false; error: ErrorBody };
    // What may pass is asked for again, after a while.
    if (!answer.ok && answer.error.code === 'unavailable') return this.#socket!.close();
    if (!answer.ok || !bytes) return this.#fail('it was not answered', JSON.stringify(answer));
    const { value } = answer;
    this.#channel = value.channel;
    this.#meet(value.streams);
    if (value.is === 'resumed') {
      this.#tally.resumed += 1;
      const { epoch, sections } = decodeFrame(bytes);
      for (const section of sections) this.#take(epoch, section);
    } else {
      if (this.#offsets) this.#tally.resyncs += 1;
      this.#next.clear();
      this.#count(bytes);
    }
    this.#epoch = value.position.epoch;
    this.#offsets = new Map(value.position.offsets);
    for (const [epoch, section] of this.#early.splice(0)) this.#take(epoch, section);
    if (this.#lostAt !== undefined) this.#tally.awayMs.push(performance.now() - this.#lostAt);
    this.#lostAt = undefined;
    if (this.#state === 'connected') this.#enter('live');
  }

  #onFrame(bytes: Buffer): void {
    const { epoch, sections } = decodeFrame(bytes);
    for (const section of sections) {
      if (this.#channel === undefined) this.#early.push([epoch, section]);
      else this.#take(epoch, section);
    }
  }

  /** Rules S5 to S8. */
  #take(epoch: number, { channel, ranges }: Section): void {
    if (channel !== this.#channel || !this.#offsets) return;
    if (epoch !== this.#epoch) return this.#fail('another journal', `${epoch}`);
    for (const { partition, after, last, entries } of ranges) {
      const step = this.#stepFor(partition, after, last);
      if (step === 'drop') continue;
      if (step === 'gap')
        return this.#fail('a gap', `partition ${partition}: ${after} after ${this.#offsets.get(partition)}`);
      for (const { offset, blocks } of entries) if (offset > step.since) this.#count(blocks);
      this.#offsets.set(partition, last);
    }
  }

  #stepFor(partition: number, after: number, last: number): Step {
    const since = this.#offsets!.get(partition) ?? 0;
    if (last <= since) return 'drop';
    return after > since ? 'gap' : { since };
  }

  #meet(streams: readonly StreamMeta[]): void {
    for (const { id } of streams) this.#known.add(id);
  }

  #count(blocks: Uint8Array): void {
    for (const block of blocksOf(blocks)) {
      // A client ignores them (S12), so they are lost.
      if (!this.#known.has(block.stream))
        this.#tally.wrong.push(`points of stream ${block.stream}, of which nothing was told`);
      for (const value of decodeBlock(block).values) {
        const expected = this.#next.get(block.stream) ?? 0;
        if (value !== expected) this.#tally.wrong.push(`stream ${block.stream}: ${value} instead of ${expected}`);
        this.#next.set(block.stream, value + 1);
      }
    }
  }

  /** Tells of it, and goes on like a client: with a new connection. */
  #fail(what: string, detail: string): void {
    this.#tally.wrong.push(`${what}: ${detail.slice(0, 200)}`);
    this.#socket?.close();
  }
}
