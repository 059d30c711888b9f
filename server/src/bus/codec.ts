import { Packr } from 'msgpackr';
import { topics, type Message, type Topic } from './topics.ts';

// Plain MessagePack, in which bytes stay bytes. Copied when read, for what stays in memory must not hold on to the whole
// piece of network it came in.
const packr = new Packr({ useRecords: false, copyBuffers: true });

/** A message as it travels. */
export function pack<T extends Topic>(message: Message<T>): Buffer {
  return packr.pack(message);
}

/** Throws when the bytes are not a message of this topic, as those of another version may not be. */
export function unpack<T extends Topic>(topic: T, bytes: Uint8Array): Message<T> {
  // A plain array, so that its parts are plain ones too: Buffer.slice is not Uint8Array.slice.
  const plain = new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.length);
  return topics[topic].parse(packr.unpack(plain)) as Message<T>;
}
