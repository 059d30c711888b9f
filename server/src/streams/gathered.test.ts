import { ByteWriter, blocksOf, writeBlock, type Columns } from '@quantumflux/sdk/protocol';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Gathered } from './gathered.ts';

const columnsOf = (values: number[]): Columns => ({
  times: Float64Array.from(values, (_, i) => i),
  values: Float64Array.from(values),
});

function blockOf(columns: Columns) {
  const out = new ByteWriter();
  writeBlock(out, 7, columns);
  return [...blocksOf(out.toBytes())][0]!;
}

test('the points of blocks of any size come one after the other', () => {
  const anyBlock = fc.array(fc.double({ noNaN: true, noDefaultInfinity: true }), { minLength: 1, maxLength: 50 });
  fc.assert(
    fc.property(fc.array(anyBlock, { maxLength: 20 }), (blocks) => {
      const gathered = new Gathered();
      for (const values of blocks) gathered.add(blockOf(columnsOf(values)));
      const { times, values } = gathered.toColumns();
      expect([...values]).toEqual(blocks.flat());
      expect([...times]).toEqual(blocks.flatMap((block) => block.map((_, i) => i)));
    }),
  );
});

test('a block that cannot be read adds nothing', () => {
  const gathered = new Gathered();
  gathered.add(blockOf(columnsOf([1, 2])));
  const { bytes } = blockOf(columnsOf([3, 4, 5.25]));
  expect(() => gathered.add({ stream: 7, bytes: bytes.subarray(0, -1) })).toThrow();
  gathered.add(blockOf(columnsOf([6])));
  expect([...gathered.toColumns().values]).toEqual([1, 2, 6]);
});
