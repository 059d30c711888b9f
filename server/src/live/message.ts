import type { ServerEvents } from '@quantumflux/sdk/protocol';
import { joinSections } from '@quantumflux/sdk/protocol';
import type { SharedSection } from './section.ts';

/** How a connection reads frames: bare (F3), as events of Socket.io, or as those of version 1 (F5). */
export type Form = 'bare' | 'event' | 'v1';

/** What is sent to many, made once for each form that somebody reads. */
export type Message = { in(form: Form): Packets };

/** Packets of Engine.IO, and the same as WebSocket messages one after the other. */
export class Packets {
  /** Payloads of `message` packets; bytes are binary ones. */
  readonly messages: readonly (string | Buffer)[];
  #framed: Buffer | undefined;

  constructor(messages: readonly (string | Buffer)[]) {
    this.messages = messages;
  }

  get framed(): Buffer {
    return (this.#framed ??= Buffer.concat(this.messages.flatMap(webSocketMessage)));
  }
}

/** Points, or the news that there are none, of the channels of an audience. */
export class FrameMessage implements Message {
  readonly sections: readonly SharedSection[];
  readonly #epoch: number;
  readonly #isHeads: boolean;
  #bare: Packets | undefined;
  #event: Packets | undefined;
  #v1: Packets | undefined;
  #bytes: Buffer | undefined;

  /** `isHeads`: without points, which version 1 is told by another event. */
  constructor(epoch: number, sections: readonly SharedSection[], { isHeads = false }: { isHeads?: boolean } = {}) {
    this.sections = sections;
    this.#epoch = epoch;
    this.#isHeads = isHeads;
  }

  in(form: Form): Packets {
    if (form === 'bare') return (this.#bare ??= new Packets([this.#frame]));
    if (form === 'event') return (this.#event ??= new Packets(frameEvent(this.#frame)));
    return (this.#v1 ??= new Packets(this.#oldEvents));
  }

  get #oldEvents(): (string | Buffer)[] {
    if (this.#isHeads) return this.sections.map((section) => this.#headsEvent(section));
    return this.sections.flatMap((section) => frameEvent(bufferOf(section.v1(this.#epoch))));
  }

  get #frame(): Buffer {
    return (this.#bytes ??= bufferOf(
      joinSections(
        this.#epoch,
        this.sections.map(({ bytes }) => bytes),
      ),
    ));
  }

  #headsEvent({ channel, ranges }: SharedSection): string {
    return textEvent('heads', { channel, epoch: this.#epoch, ranges });
  }
}

/** An event that is the same for many. */
export class EventMessage<Name extends 'streams' | 'gone'> implements Message {
  readonly #packets: Packets;

  constructor(name: Name, payload: Parameters<ServerEvents[Name]>[0]) {
    this.#packets = new Packets([textEvent(name, payload)]);
  }

  in(): Packets {
    return this.#packets;
  }
}

function textEvent(name: keyof ServerEvents, payload: unknown): string {
  // A packet of Socket.io: 2 is EVENT.
  return `2${JSON.stringify([name, payload])}`;
}

/** 5 is BINARY_EVENT with one attachment, which is the next packet. */
const frameHead = '51-["frame",{"_placeholder":true,"num":0}]';

function frameEvent(frame: Buffer): (string | Buffer)[] {
  return [frameHead, frame];
}

/** Over WebSocket a binary packet is its bytes, and one of text begins with 4, `message`. */
function webSocketMessage(payload: string | Buffer): Buffer[] {
  const isText = typeof payload === 'string';
  const bytes = isText ? Buffer.from(`4${payload}`) : payload;
  return [headOf(isText ? TEXT : BINARY, bytes.length), bytes];
}

const TEXT = 1;
const BINARY = 2;
const FIN = 0x80;

/** The head of a WebSocket message in one frame, as a server sends it (RFC 6455, 5.2). */
function headOf(opcode: number, length: number): Buffer {
  if (length < 126) return Buffer.of(FIN | opcode, length);
  if (length < 65_536) {
    const head = Buffer.of(FIN | opcode, 126, 0, 0);
    head.writeUInt16BE(length, 2);
    return head;
  }
  const head = Buffer.alloc(10);
  head[0] = FIN | opcode;
  head[1] = 127;
  head.writeUInt32BE(Math.floor(length / 2 ** 32), 2);
  head.writeUInt32BE(length % 2 ** 32, 6);
  return head;
}

function bufferOf(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
}
