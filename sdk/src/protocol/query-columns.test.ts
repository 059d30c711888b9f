import { expect, test } from 'vitest';
import { decodeColumns } from './query-columns.ts';

/** The layout of [Q13], written by hand. */
function encode(header: object, numbers: number[]): Uint8Array {
  const json = new TextEncoder().encode(JSON.stringify(header));
  const bytes = new Uint8Array(4 + json.length + numbers.length * 8);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, json.length, true);
  bytes.set(json, 4);
  numbers.forEach((number, i) => view.setFloat64(4 + json.length + i * 8, number, true));
  return bytes;
}

const load = { stream: 'load', tags: { region: 'é' }, unit: null, kind: 'gauge' };

test('[Q13] columns come one after the other, stream by stream', () => {
  const streams = [
    { ...load, resolution: 'raw', columns: ['t', 'v'], count: 2 },
    { ...load, resolution: '1m', columns: ['t', 'avg', 'p95'], count: 1 },
  ];
  const bytes = encode({ streams }, [1, 2, 10, -0, 60_000, 0.1, Number.NaN]);
  expect(decodeColumns(bytes)).toEqual([
    { ...load, resolution: 'raw', columns: { t: Float64Array.of(1, 2), v: Float64Array.of(10, -0) } },
    {
      ...load,
      resolution: '1m',
      columns: { t: Float64Array.of(60_000), avg: Float64Array.of(0.1), p95: Float64Array.of(Number.NaN) },
    },
  ]);
  // Wherever in a buffer they are.
  const shifted = new Uint8Array(bytes.length + 3);
  shifted.set(bytes, 3);
  expect(decodeColumns(shifted.subarray(3))).toEqual(decodeColumns(bytes));
});

test('[F2] bytes that end early, or have a count that they cannot hold, are refused before room is made', () => {
  const head = { ...load, resolution: 'raw', columns: ['t'] };
  const bytes = encode({ streams: [{ ...head, count: 2 }] }, [1, 2]);
  for (let length = 0; length < bytes.length; length++) {
    expect(() => decodeColumns(bytes.subarray(0, length))).toThrow(expect.objectContaining({ code: 'internal' }));
  }
  expect(() => decodeColumns(encode({ streams: [{ ...head, count: 1e12 }] }, [1]))).toThrow('ended too early');
});
