import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import {
  blocksOf,
  ByteWriter,
  decodeBlock,
  decodeFrame,
  parseSelector,
  PARTITIONS,
  writeBlock,
  type Frame,
  type Point,
  type Range,
} from '@quantumflux/sdk/protocol';
import { Server } from 'socket.io';
import { io as connectTo, type Socket } from 'socket.io-client';
import { WebSocket } from 'ws';
import { createRecentEntries } from '../streams/recent-entries.ts';
import { createBroadcast, type BroadcastOptions } from './broadcast.ts';
import type { Conflation, LiveStream } from './channel.ts';
import { Member } from './member.ts';
import { Outlet } from './outlet.ts';
import type { LiveServer, LiveSocket } from './socket.ts';

const EPOCH = 7;
const ORGANIZATION = 'here';

export type Stage = Awaited<ReturnType<typeof createStage>>;

/** Broadcasting to real sockets; what comes in is written by the test, and history is nothing but a position. */
export async function createStage(options: BroadcastOptions = {}) {
  const http = createServer();
  const io: LiveServer = new Server(http, { serveClient: false, perMessageDeflate: false, destroyUpgrade: false });
  const streams = new Map<number, LiveStream>();
  const recent = createRecentEntries();
  const heads = new Array<number>(PARTITIONS).fill(0);
  const broadcast = createBroadcast(
    { streamOf: (id) => streams.get(id), meet: () => Promise.resolve(), recent, onFrames: () => undefined },
    { epoch: EPOCH, offsets: heads.map((head, partition) => [partition, head]) },
    options,
  );
  const members = new Map<string, Member>();

  io.use((socket, next) => {
    const { protocol = 2, frames } = socket.handshake.auth as { protocol?: number; frames?: string };
    const caller = { organization: ORGANIZATION, publicOnly: false, subject: 'key:1', permissions: new Set<never>() };
    socket.data = { caller: { ...caller, expiresAt: null }, protocol, isBare: frames === 'bare' };
    next();
  });
  io.on('connection', (socket: LiveSocket) => {
    const member = new Member(socket, new Outlet(socket));
    members.set(socket.id, member);
    const wish = (selector: string, conflation?: Conflation) => {
      return {
        selector: parseSelector(selector),
        viewer: { organization: ORGANIZATION, publicOnly: false },
        conflation,
      };
    };
    const on = socket as unknown as Socket;
    on.on('join', ({ selector, conflation }: Wish, reply: (joined: Joined) => void) => {
      const channel = broadcast.join(member, wish(selector, conflation));
      channel.meet([...streams.values()].filter((stream) => channel.sees(stream)).map(({ id }) => id));
      reply({ channel: channel.id, offsets: [...heads] });
    });
    on.on('leave', ({ channel }: { channel: number }, reply: () => void) => {
      broadcast.leave(
        member,
        member.channels.find(({ id }) => id === channel)!,
      );
      reply();
    });
    socket.on('disconnect', () => broadcast.remove(member));
  });
  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve));
  const { port } = http.address() as AddressInfo;

  return {
    url: `http://127.0.0.1:${port}`,
    broadcast,
    /** Of the server's side of connections, by their ids. */
    members,
    heads,
    streams,
    streamOf: (id: number): LiveStream => streams.get(id)!,

    /** A stream of its own partition: its id modulo their number. */
    addStream(id: number, name: string): void {
      streams.set(id, {
        id,
        stream: name,
        tags: {},
        unit: null,
        kind: 'gauge',
        organization: ORGANIZATION,
        public: false,
      });
    },

    /** One entry per partition with points of streams. */
    write(points: Record<number, Point[]>): void {
      const payloads = new Map<number, ByteWriter>();
      for (const [id, each] of Object.entries(points)) {
        const partition = Number(id) % PARTITIONS;
        const out = payloads.get(partition) ?? new ByteWriter();
        payloads.set(partition, out);
        writeBlock(out, Number(id), {
          times: Float64Array.from(each, ([time]) => time),
          values: Float64Array.from(each, ([, value]) => value),
        });
      }
      for (const [partition, out] of payloads) {
        const entry = { partition, offset: ++heads[partition]!, payload: out.toBytes(), tMin: 0, tMax: 0 };
        recent.add(entry);
        broadcast.onEntry(entry);
      }
    },

    async stop(): Promise<void> {
      broadcast.stop();
      await io.close();
    },
  };
}

type Wish = { selector: string; conflation?: Conflation | undefined };
type Joined = { channel: number; offsets: number[] };

/** What a viewer has of one channel: every point once and in order, or an error that says what was wrong. */
export class Reader {
  readonly points = new Map<number, Point[]>();
  readonly deliveries: string[] = [];
  skipped = 0;
  readonly #offsets: number[];

  constructor(offsets: readonly number[]) {
    this.#offsets = [...offsets];
  }

  get offsets(): readonly number[] {
    return this.#offsets;
  }

  /** The values of a stream. */
  values(stream: number): number[] {
    return (this.points.get(stream) ?? []).map(([, value]) => value);
  }

  heads(ranges: readonly Range[]): void {
    for (const [partition, after, last] of ranges) this.#advance(partition, after, last);
  }

  take({ delivery, skipped, ranges }: Frame['sections'][number]): void {
    this.deliveries.push(delivery);
    this.skipped += skipped;
    for (const { partition, after, last, entries } of ranges) {
      for (const { offset, blocks } of entries) {
        if (offset <= this.#offsets[partition]!) continue;
        for (const block of blocksOf(blocks)) {
          const { times, values } = decodeBlock(block);
          const before = this.points.get(block.stream) ?? [];
          this.points.set(block.stream, before);
          for (const [i, time] of times.entries()) before.push([time, values[i]!]);
        }
      }
      this.#advance(partition, after, last);
    }
  }

  #advance(partition: number, after: number, last: number): void {
    const offset = this.#offsets[partition]!;
    if (after > offset)
      throw new Error(`Partition ${partition}: nothing said of what is between ${offset} and ${after}.`);
    this.#offsets[partition] = Math.max(offset, last);
  }
}

/** A viewer: reads all there is, however it is sent. */
export type Viewer = {
  readers: Map<number, Reader>;
  /** What was heard besides points, in order. */
  heard: unknown[];
  isOpen: () => boolean;
  join(selector: string, conflation?: Conflation): Promise<Reader>;
  leave(reader: Reader): Promise<void>;
  /** Reads nothing from the network for now. */
  pause(): void;
  resume(): void;
  /** Its errors, which no test may have. */
  errors: unknown[];
  /** As the server knows it. */
  id: string;
  close(): void;
};

type Ask = (event: string, payload: unknown) => Promise<unknown>;

function viewerOf(ask: Ask, rest: Pick<Viewer, 'isOpen' | 'pause' | 'resume' | 'close' | 'id'>) {
  const readers = new Map<number, Reader>();
  const errors: unknown[] = [];
  const heard: unknown[] = [];
  // What comes before the reply that names its channel (S2).
  const early = new Map<number, ((reader: Reader) => void)[]>();

  function toReader(channel: number, apply: (reader: Reader) => void): void {
    const reader = readers.get(channel);
    if (!reader) return void early.set(channel, [...(early.get(channel) ?? []), apply]);
    try {
      apply(reader);
    } catch (error) {
      errors.push(error);
    }
  }

  const viewer: Viewer = {
    readers,
    errors,
    heard,
    ...rest,
    async join(selector, conflation) {
      const { channel, offsets } = (await ask('join', { selector, conflation })) as Joined;
      const reader = readers.get(channel) ?? new Reader(offsets);
      readers.set(channel, reader);
      for (const apply of early.get(channel) ?? []) toReader(channel, apply);
      early.delete(channel);
      return reader;
    },
    async leave(reader) {
      const [channel] = [...readers].find(([, each]) => each === reader)!;
      await ask('leave', { channel });
      readers.delete(channel);
    },
  };
  return {
    viewer,
    onFrame(bytes: Uint8Array): void {
      for (const section of decodeFrame(bytes).sections) toReader(section.channel, (reader) => reader.take(section));
    },
    onEvent(name: string, payload: unknown): void {
      if (name !== 'heads') return void heard.push([name, payload]);
      const { channel, ranges } = payload as { channel: number; ranges: Range[] };
      toReader(channel, (reader) => reader.heads(ranges));
    },
  };
}

/** A viewer with the client of Socket.io as it is. */
export async function openStock(
  url: string,
  { protocol = 2, transports = ['websocket'] }: { protocol?: number; transports?: string[] } = {},
): Promise<Viewer> {
  const socket = connectTo(url, { transports, auth: { protocol }, reconnection: false, forceNew: true });
  const tcp = () =>
    (socket.io.engine.transport as unknown as { ws?: { _socket?: { pause(): void; resume(): void } } }).ws?._socket;
  await new Promise<void>((resolve, reject) => socket.on('connect', resolve).on('connect_error', reject));
  const { viewer, onFrame, onEvent } = viewerOf(
    (event, payload) => new Promise((resolve) => socket.emit(event, payload, resolve)),
    {
      id: socket.id!,
      isOpen: () => socket.connected,
      pause: () => tcp()?.pause(),
      resume: () => tcp()?.resume(),
      close() {
        // Else it would wait for half a minute to say goodbye.
        tcp()?.resume();
        socket.close();
      },
    },
  );
  socket.onAny((name: string, payload: unknown) => {
    if (name === 'frame') onFrame(new Uint8Array(payload as Buffer));
    else onEvent(name, payload);
  });
  return viewer;
}

/** A viewer with nothing but a WebSocket, who reads bare frames (F3). */
export async function openBare(url: string): Promise<Viewer> {
  const socket = new WebSocket(`${url.replace('http', 'ws')}/socket.io/?EIO=4&transport=websocket`);
  const asked = new Map<number, (answer: unknown) => void>();
  const id = await new Promise<string>((resolve, reject) => {
    socket.on('error', reject);
    socket.on('message', (data: Buffer, isBinary) => {
      if (isBinary) return onFrame(data);
      const text = data.toString();
      if (text === '2') return socket.send('3');
      if (text.startsWith('0')) return socket.send(`40${JSON.stringify({ protocol: 2, frames: 'bare' })}`);
      if (text.startsWith('40')) return resolve((JSON.parse(text.slice(2)) as { sid: string }).sid);
      const [, number, body] = /^4[23](\d*)(.*)$/.exec(text) ?? [];
      if (body === undefined) return undefined;
      if (text.startsWith('43')) return asked.get(Number(number))?.((JSON.parse(body) as unknown[])[0]);
      const [name, payload] = JSON.parse(body) as [string, unknown];
      return onEvent(name, payload);
    });
  });
  let next = 0;
  const { viewer, onFrame, onEvent } = viewerOf(
    (event, payload) =>
      new Promise((resolve) => {
        asked.set(next, resolve);
        socket.send(`42${next++}${JSON.stringify([event, payload])}`);
      }),
    {
      id,
      isOpen: () => socket.readyState === WebSocket.OPEN,
      pause: () => socket.pause(),
      resume: () => socket.resume(),
      close() {
        socket.resume();
        socket.close();
      },
    },
  );
  return viewer;
}
