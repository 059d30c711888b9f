import { readFile } from 'node:fs/promises';
import { describe, expect, test } from 'vitest';
import {
  blocksOf,
  ByteWriter,
  decodeBlock,
  decodeFrame,
  encodeFrame,
  encodeFrameV1,
  writeBlock,
  type Delivery,
  type Frame,
} from './index.ts';

// The golden vectors stand on the page, where those read them who write a client in another language.
const page = await readFile(new URL('../../../docs/protocol.md', import.meta.url), 'utf8');
const rows = [...page.matchAll(/^\| `(\{"(stream|epoch)".*\})` +\| `([0-9a-f]+)` +\|$/gm)].map(
  ([, json, kind, hex]) => ({ kind: kind!, json: json!, hex: hex! }),
);
const vectorsOf = (kind: string) =>
  rows.filter((row) => row.kind === kind).map(({ json, hex }) => [json, hex] as const);

const toHex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');
const fromHex = (hex: string) => new Uint8Array(Buffer.from(hex, 'hex'));

type Block = { stream: number; times: number[]; values: number[] };
type Written = {
  epoch: number;
  sections: {
    channel: number;
    delivery: Delivery;
    skipped: number;
    ranges: { partition: number; after: number; last: number; entries: { offset: number; blocks: string }[] }[];
  }[];
};

function frameOf({ epoch, sections }: Written): Frame {
  const withBytes = sections.map((section) => ({
    ...section,
    ranges: section.ranges.map((range) => ({
      ...range,
      entries: range.entries.map(({ offset, blocks }) => ({ offset, blocks: fromHex(blocks) })),
    })),
  }));
  return { epoch, sections: withBytes };
}

describe('the golden vectors of docs/protocol.md', () => {
  test('are all found', () => {
    expect(vectorsOf('stream')).toHaveLength(5);
    expect(vectorsOf('epoch')).toHaveLength(2);
  });

  test.each(vectorsOf('stream'))('[B1] [B2] [B3] %s', (json, hex) => {
    const { stream, times, values } = JSON.parse(json) as Block;
    const out = new ByteWriter();
    writeBlock(out, stream, { times: Float64Array.from(times), values: Float64Array.from(values) });
    expect(toHex(out.toBytes())).toBe(hex);
    const [block] = blocksOf(fromHex(hex));
    expect(block!.stream).toBe(stream);
    const decoded = decodeBlock(block!);
    expect([[...decoded.times], [...decoded.values]]).toEqual([times, values]);
  });

  test.each(vectorsOf('epoch'))('[F1] %s', (json, hex) => {
    const frame = frameOf(JSON.parse(json) as Written);
    expect(toHex(encodeFrame(frame))).toBe(hex);
    expect(decodeFrame(fromHex(hex))).toEqual(frame);
  });

  test('[F5] layout 1', () => {
    const { epoch, sections } = frameOf(JSON.parse(vectorsOf('epoch')[0]![0]) as Written);
    const [, hex] = /in layout 1 \(F5\): `([0-9a-f]+)`/.exec(page)!;
    expect(toHex(encodeFrameV1(epoch, sections[0]!))).toBe(hex);
    expect(decodeFrame(fromHex(hex!))).toEqual({ epoch, sections: [sections[0]] });
  });
});
