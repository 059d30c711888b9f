import { decodeFrame, type Frame, type ServerEvents, type StreamMeta, type SubscribeReply } from './protocol/index.ts';

/** What the server sends on a channel. Heads are a frame without points. */
export type Message =
  | ({ is: 'frame' } & Frame)
  | { is: 'streams'; channel: number; streams: readonly StreamMeta[] }
  | { is: 'gone'; channel: number; streams: readonly number[] };

type Sent<Event extends keyof ServerEvents> = Parameters<ServerEvents[Event]>[0];

export function messageOfFrame(frame: Sent<'frame'>): Message {
  return { is: 'frame', ...decodeFrame(toBytes(frame)) };
}

export function messageOfHeads({ channel, epoch, ranges }: Sent<'heads'>): Message {
  const empty = ranges.map(([partition, after, last]) => ({ partition, after, last, entries: [] }));
  return { is: 'frame', channel, epoch, ranges: empty };
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
