import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  blocksOf,
  ByteWriter,
  decodeBlock,
  pointsIn,
  QuantumFluxError,
  writeBlock,
  type Block,
  type Columns,
} from './index.ts';

const T = 1_763_800_000_000;

type Pair = [time: number, value: number];

function columnsOf(points: readonly Pair[]): Columns {
  return {
    times: Float64Array.from(points, ([time]) => time),
    values: Float64Array.from(points, ([, value]) => value),
  };
}

function encode(columns: Columns, stream = 7): Uint8Array {
  const out = new ByteWriter();
  writeBlock(out, stream, columns);
  return out.toBytes();
}

function decode(bytes: Uint8Array): Columns {
  const [block, ...others] = blocksOf(bytes);
  expect(others).toEqual([]);
  return decodeBlock(block!);
}

function bitsOf(column: Float64Array): BigUint64Array {
  return new BigUint64Array(column.slice().buffer);
}

function expectSame(actual: Columns, expected: Columns): void {
  expect(bitsOf(actual.times)).toEqual(bitsOf(expected.times));
  expect(bitsOf(actual.values)).toEqual(bitsOf(expected.values));
}

const time = fc.oneof(
  fc.integer({ min: T, max: T + 100 }),
  fc.integer({ min: T * 1_000, max: T * 1_000 + 5_000 }).map((us) => us / 1_000),
  fc.double({ min: -8.64e15, max: 8.64e15, noNaN: true }),
  fc.maxSafeInteger(),
  fc.constantFrom(0, -0, 2 ** 51, -(2 ** 51), 2 ** 50 + 1, 8.64e15, -8.64e15, 1e-300),
);
const value = fc.oneof(
  fc.integer({ min: -100_000, max: 100_000 }).map((cents) => cents / 100),
  fc.double({ noNaN: true, noDefaultInfinity: true }),
  fc.maxSafeInteger(),
  fc.constantFrom(0, -0, 1e-300, -1e-300, 5e-324, 1.7976931348623157e308, 0.1 + 0.2, 2 ** 51, -(2 ** 51), 2 ** 53),
);
const points = fc.array(fc.tuple(time, value), { minLength: 1, maxLength: 60 });

describe('round trip', () => {
  test('[B1] whatever finite points go in, the same bits come out, in the same order', () => {
    fc.assert(
      fc.property(points, fc.nat(), (points, stream) => {
        const columns = columnsOf(points);
        const bytes = encode(columns, stream);
        const [block] = blocksOf(bytes);
        expect(block!.stream).toBe(stream);
        expect(pointsIn(block!)).toBe(points.length);
        expectSame(decodeBlock(block!), columns);
      }),
      { numRuns: 5_000 },
    );
  });

  test('[B1] columns in which every value takes the same way come out bit by bit', () => {
    const column = (each: fc.Arbitrary<number>) => fc.array(each, { minLength: 50, maxLength: 200 });
    const doubles = column(fc.double({ noNaN: true, noDefaultInfinity: true }));
    const cents = column(fc.integer({ min: -1_000, max: 1_000 }).map((cents) => cents / 100));
    const few = column(fc.constantFrom(0.1, 1 / 3, 1e-300, 1 / 3 + 1e-16));
    fc.assert(
      fc.property(fc.oneof(doubles, cents, few), (values) => {
        const columns = columnsOf(values.map((value, i) => [T + 1_000 * i, value]));
        expectSame(decode(encode(columns)), columns);
      }),
      { numRuns: 500 },
    );
  });

  test('[B2] times that jump across the whole range of exact integers come out exactly', () => {
    const far = fc.constantFrom(2 ** 51, -(2 ** 51), 2 ** 51 - 1, 1 - 2 ** 51, 2 ** 50, 0, 1);
    fc.assert(
      fc.property(fc.array(far, { minLength: 1, maxLength: 8 }), (times) => {
        const columns = columnsOf(times.map((time) => [time, 1]));
        expectSame(decode(encode(columns)), columns);
      }),
    );
  });

  test('[B1] a part of the columns is written as if it were all', () => {
    const columns = columnsOf([
      [1, 0.5],
      [2, 1 / 3],
      [3, 7],
      [4, -0],
    ]);
    const out = new ByteWriter();
    writeBlock(out, 7, columns, 1, 3);
    expect(out.toBytes()).toEqual(
      encode(
        columnsOf([
          [2, 1 / 3],
          [3, 7],
        ]),
      ),
    );
  });

  test('[B1] several blocks follow each other', () => {
    const out = new ByteWriter();
    for (let stream = 0; stream < 300; stream++) writeBlock(out, stream, columnsOf([[stream, stream / 10]]));
    const blocks = [...blocksOf(out.toBytes())];
    expect(blocks.map(({ stream }) => stream)).toEqual(Array.from({ length: 300 }, (_, i) => i));
    expect(decodeBlock(blocks[255]!)).toEqual(columnsOf([[255, 25.5]]));
  });
});

describe('golden vectors', () => {
  const vectors: [name: string, stream: number, points: Pair[], hex: string][] = [
    [
      'ms and decimals',
      7,
      [
        [T, 21.5],
        [T + 1_000, 21.6],
        [T + 2_000, 21.6],
        [T + 3_000, 21.45],
      ],
      '071210048098e1aad566d00f000202cc2114001d',
    ],
    [
      'us and XOR',
      7,
      [
        [T + 0.25, 0.1],
        [T + 0.5, 1 / 3],
        [T + 0.75, 1 / 3],
      ],
      '071f2103f4c3a387d68aa206f40300013fb999999999999ad3b6ccccccccccccf0',
    ],
    ['raw times and a raw value', 300, [[T + 1 / 3, 1e-300]], 'ac02120201550560c2aaaa794259f3f8c21f6ea501'],
    [
      'a negative zero',
      1,
      [
        [0, 0],
        [-1, -0],
      ],
      '010e200200010000000000000000c004',
    ],
    [
      'a time of negative zero',
      1,
      [
        [-0, 1],
        [1 / 3, 2],
      ],
      '011512020000000000000080555555555555d53f000202',
    ],
  ];

  test.each(vectors)('[B1] %s', (_, stream, points, hex) => {
    const columns = columnsOf(points);
    expect(Buffer.from(encode(columns, stream)).toString('hex')).toBe(hex);
    expectSame(decode(Buffer.from(hex, 'hex')), columns);
  });
});

test('[B3] data with two decimals, once a second, takes at most two bytes a point', () => {
  const walk = fc.array(fc.integer({ min: -60, max: 60 }), { minLength: 1_000, maxLength: 1_000 });
  fc.assert(
    fc.property(walk, (steps) => {
      let cents = 2_150;
      const columns = columnsOf(steps.map((step, i) => [T + 1_000 * i, (cents += step) / 100]));
      expect(encode(columns).length).toBeLessThanOrEqual(2 * steps.length);
    }),
    { numRuns: 50 },
  );
});

describe('bytes that are no block', () => {
  const decodeAll = (bytes: Uint8Array) => [...blocksOf(bytes)].map((block) => decodeBlock(block));

  /** The block with a length that fits what is there, so that the mistake is found inside. */
  function reframed(body: readonly number[]): Block {
    const out = new ByteWriter();
    out.varint(7);
    out.varint(body.length);
    out.bytes(Uint8Array.from(body));
    return { stream: 7, bytes: out.toBytes() };
  }

  test('[B5] cut anywhere, they are refused', () => {
    fc.assert(
      fc.property(points, fc.nat(), (points, cut) => {
        const bytes = encode(columnsOf(points));
        const length = 1 + (cut % (bytes.length - 1));
        expect(() => decodeAll(bytes.subarray(0, length))).toThrow(QuantumFluxError);
        expect(() => decodeBlock(reframed([...bytes.subarray(2, length)]))).toThrow(QuantumFluxError);
      }),
      { numRuns: 2_000 },
    );
  });

  test('[B5] with bytes behind the last point, they are refused', () => {
    fc.assert(
      fc.property(points, (points) => {
        const [block] = blocksOf(encode(columnsOf(points)));
        const out = new ByteWriter();
        out.bytes(block!.bytes.subarray(block!.bytes.length > 130 ? 3 : 2));
        expect(() => decodeBlock(reframed([...out.toBytes(), 0]))).toThrow(QuantumFluxError);
      }),
    );
  });

  test('[B5] whatever they are, they are points or an error, at once', () => {
    const mode = fc.constantFrom(0x00, 0x01, 0x02, 0x10, 0x11, 0x12, 0x20, 0x21, 0x22, 0x03, 0x30, 0xff);
    const body = fc.tuple(mode, fc.uint8Array({ maxLength: 60 })).map(([mode, rest]) => [mode, ...rest]);
    fc.assert(
      fc.property(body, (body) => {
        try {
          const { times, values } = decodeBlock(reframed(body));
          expect(times.length).toBe(values.length);
          expect(times.length).toBeLessThanOrEqual(8 * body.length);
        } catch (error) {
          expect(error).toBeInstanceOf(QuantumFluxError);
        }
      }),
      { numRuns: 20_000 },
    );
  });

  test('[B5] a count that the bytes cannot hold is refused before room is made for it', () => {
    const huge = [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x0f];
    for (const mode of [0x00, 0x10, 0x20, 0x22]) {
      expect(() => decodeBlock(reframed([mode, ...huge, 0, 0, ...huge, 0]))).toThrow('ended too early');
      expect(() => pointsIn(reframed([mode, ...huge, 0]))).toThrow(QuantumFluxError);
    }
  });

  test('[B5] no points, more times than points, unknown modes and endless numbers are refused', () => {
    expect(() => decodeBlock(reframed([0x10, 0]))).toThrow('has no points');
    expect(() => decodeBlock(reframed([0x10, 2, 0, 0, 5, 0, 0, 0]))).toThrow('more times than points');
    expect(() => decodeBlock(reframed([0x13, 1, 0, 0, 0]))).toThrow('does not know');
    expect(() => decodeBlock(reframed([0x10, 1, 0, 7, 0]))).toThrow('does not know');
    expect(() => decodeBlock(reframed([0x10, 1, ...Array<number>(9).fill(0xff), 0, 0, 0]))).toThrow('too large');
  });
});
