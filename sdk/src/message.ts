import {
  decodeFrame,
  type Section,
  type ServerEvents,
  type StreamMeta,
  type SubscribeReply,
} from './protocol/index.ts';

/** What the server sends on a channel. Heads are a section without points. */
export type Message =
  | ({ is: 'section'; epoch: number } & Section)
  | { is: 'streams'; channel: number; streams: readonly StreamMeta[] }
  | { is: 'gone'; channel: number; streams: readonly number[] };

type Sent<Event extends keyof ServerEvents> = Parameters<ServerEvents[Event]>[0];

/** One for each channel that the frame is for. */
export function messagesOfFrame(frame: Sent<'frame'>): Message[] {
  const { epoch, sections } = decodeFrame(toBytes(frame));
  return sections.map((section) => ({ is: 'section', epoch, ...section }));
}

export function messageOfHeads({ channel, epoch, ranges }: Sent<'heads'>): Message {
  const empty = ranges.map(([partition, after, last]) => ({ partition, after, last, entries: [] }));
  return { is: 'section', channel, epoch, delivery: 'whole', skipped: 0, ranges: empty };
}

/** The same reply with bytes that are bytes everywhere. */
export function withBytes(reply: SubscribeReply): SubscribeReply {
  return reply.is === 'history'
    ? { ...reply, blocks: toBytes(reply.blocks) }
    : { ...reply, frame: toBytes(reply.frame) };
}

/** Socket.io hands over a Buffer in Node and an ArrayBuffer in browsers, whatever was sent. */
function toBytes(binary: Uint8Array | ArrayBuffer): Uint8Array {
  return binary instanceof Uint8Array ? binary : new Uint8Array(binary);
}
