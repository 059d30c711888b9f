import { expect, test } from 'vitest';
import { messagesOf } from './message.ts';
import { encodeFrame, type Section } from './protocol/index.ts';

test('[F1] a frame is one message for each channel that it is for', () => {
  const sections: Section[] = [
    { channel: 3, delivery: 'whole', skipped: 0, ranges: [] },
    { channel: 4, delivery: 'coalesced', skipped: 7, ranges: [{ partition: 1, after: 2, last: 3, entries: [] }] },
  ];
  expect(messagesOf('frame', encodeFrame({ epoch: 1, sections }))).toEqual(
    sections.map((section) => ({ is: 'section', epoch: 1, ...section })),
  );
});

test('[H1] heads are a section without points', () => {
  const ranges = [{ partition: 5, after: 10, last: 12, entries: [] }];
  expect(messagesOf('heads', { channel: 3, epoch: 1, ranges: [[5, 10, 12]] })).toEqual([
    { is: 'section', epoch: 1, channel: 3, delivery: 'whole', skipped: 0, ranges },
  ]);
});

test('[V2] an event that is not known says nothing', () => {
  expect(messagesOf('drain', { afterMs: 1 })).toEqual([]);
  expect(messagesOf(...(['later', {}] as unknown as Parameters<typeof messagesOf>))).toEqual([]);
});
