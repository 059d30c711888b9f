import type { Socket as TcpSocket } from 'node:net';
import type { Form, Message } from './message.ts';
import type { LiveSocket } from './socket.ts';

// The one place that knows the insides of Engine.IO and ws. What is sent to many is framed already; when nothing waits
// in either of them, it is written straight to the TCP connection, which costs a third of what an event costs. Engine.IO
// hands packets on to ws, and ws to TCP, at once and in order, so whatever is not in `writeBuffer` is ahead of us.
// outlet.test.ts fails when a new version of them is built differently.

type Engine = {
  readyState: string;
  writeBuffer: { data?: string | Uint8Array }[];
  transport: { name: string; socket?: WebSocket };
  write(data: string | Buffer): void;
};
type WebSocket = {
  /** Of the protocol: with none, nothing waits in ws itself, which it does only to compress. */
  extensions: string;
  terminate(): void;
  _socket: (TcpSocket & { _handle: { bytesWritten: number; writeQueueSize: number } | null }) | null;
};

/** How bytes that are the same for many get to one connection. */
export class Outlet {
  readonly #conn: Engine;
  readonly #form: Form;
  #direct: TcpSocket | undefined;
  // What Engine.IO holds, counted as far as it was counted.
  #held: Engine['writeBuffer'] | undefined;
  #counted = 0;
  #bytes = 0;
  #turns = 0;

  constructor(socket: LiveSocket) {
    this.#conn = socket.conn as unknown as Engine;
    const { protocol, isBare } = socket.data;
    this.#form = protocol < 2 ? 'v1' : isBare ? 'bare' : 'event';
  }

  get form(): Form {
    return this.#form;
  }

  /**
   * Where to write to, when nothing would be overtaken by that. Asked for every message of every connection, so it looks
   * at as few objects as it can: what is not in the processor's cache takes as long as the rest together.
   */
  get direct(): TcpSocket | undefined {
    const conn = this.#conn;
    if (conn.writeBuffer.length > 0 || conn.readyState !== 'open') return undefined;
    const tcp = this.#direct ?? this.#findTcp();
    return tcp?.writable ? tcp : undefined;
  }

  /** None as long as it polls. From WebSocket there is no way back. */
  #findTcp(): TcpSocket | undefined {
    const { name, socket } = this.#conn.transport;
    if (name === 'websocket' && socket?.extensions === '') this.#direct = socket._socket ?? undefined;
    return this.#direct;
  }

  send(message: Message): void {
    const packets = message.in(this.#form);
    const tcp = this.direct;
    if (tcp) tcp.write(packets.framed);
    else for (const each of packets.messages) this.#conn.write(each);
  }

  /** Sends, unless more than `limit` bytes would wait then; says whether it did. One message may wait, however long. */
  offer(message: Message, limit: number): boolean {
    const packets = message.in(this.#form);
    const tcp = this.direct;
    if (tcp) {
      const waiting = tcp.writableLength;
      if (waiting > 0 && waiting + packets.framed.length > limit) return false;
      tcp.write(packets.framed);
      return true;
    }
    const { waiting } = this;
    if (waiting > 0 && waiting + packets.framed.length > limit) return false;
    for (const each of packets.messages) this.#conn.write(each);
    return true;
  }

  /** Bytes that this process holds for the connection. */
  get waiting(): number {
    return this.#inEngine + (this.#tcp?.writableLength ?? 0);
  }

  /** Grows whenever the other side takes something. */
  get taken(): number {
    const handle = this.#tcp?._handle;
    if (handle) return handle.bytesWritten - handle.writeQueueSize;
    // Counting is what notices that a poll took everything.
    void this.#inEngine;
    return this.#turns;
  }

  /** Ends the connection and lets go of what waits, which the other side does not take anyway. */
  cut(): void {
    this.#conn.transport.socket?.terminate();
  }

  get #tcp(): WebSocket['_socket'] {
    const { transport } = this.#conn;
    return (transport.name === 'websocket' && transport.socket?._socket) || null;
  }

  /** Engine.IO hands everything on at once, and begins a new list. */
  get #inEngine(): number {
    const { writeBuffer } = this.#conn;
    if (writeBuffer !== this.#held) {
      this.#held = writeBuffer;
      this.#counted = this.#bytes = 0;
      this.#turns++;
    }
    for (; this.#counted < writeBuffer.length; this.#counted++)
      this.#bytes += writeBuffer[this.#counted]!.data?.length ?? 0;
    return this.#bytes;
  }
}
