import { expect, test } from 'vitest';
import { messageOfHeads, messagesOfFrame, withBytes } from './message.ts';
import { encodeFrame, type SubscribeReply } from './protocol/index.ts';

const bytes = encodeFrame({ epoch: 1, sections: [{ channel: 3, delivery: 'whole', skipped: 0, ranges: [] }] });
const { buffer } = bytes.slice();

// Browsers hand over an ArrayBuffer, Node a Buffer, whatever the types of the protocol say.
test.each([
  ['a Buffer', Buffer.from(bytes)],
  ['an ArrayBuffer', buffer as unknown as Uint8Array],
])('[F1] bytes that come as %s are bytes', (_, binary) => {
  expect(messagesOfFrame(binary)).toEqual([
    { is: 'section', epoch: 1, channel: 3, delivery: 'whole', skipped: 0, ranges: [] },
  ]);
  const head = { channel: 3, now: 0, streams: [], position: { epoch: 1, offsets: [] } };
  const history: SubscribeReply = { is: 'history', ...head, intervalMs: null, blocks: binary };
  const resumed: SubscribeReply = { is: 'resumed', ...head, frame: binary };
  for (const reply of [withBytes(history), withBytes(resumed)]) {
    const read = reply.is === 'history' ? reply.blocks : reply.frame;
    expect(read).toBeInstanceOf(Uint8Array);
    expect([...read]).toEqual([...bytes]);
  }
});

test('[H1] heads are a section without points', () => {
  const heads = { channel: 3, epoch: 1, ranges: [[5, 10, 12]] as [number, number, number][] };
  const ranges = [{ partition: 5, after: 10, last: 12, entries: [] }];
  expect(messageOfHeads(heads)).toEqual({
    is: 'section',
    epoch: 1,
    channel: 3,
    delivery: 'whole',
    skipped: 0,
    ranges,
  });
});
