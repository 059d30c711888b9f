/** One stream as a sender of columns has it. */
export type SentColumns = {
  stream: string;
  tags?: Record<string, string>;
  unit?: string;
  times: number[];
  values: number[];
};

/** Writes the body that columns.ts reads. */
export function encodeColumns(streams: SentColumns[]): Buffer {
  const heads = streams.map(({ times, values: _, ...stream }) => ({ ...stream, count: times.length }));
  const header = Buffer.from(JSON.stringify({ streams: heads }));
  const length = Buffer.alloc(4);
  length.writeUInt32LE(header.length);
  const columns = streams.flatMap(({ times, values }) => [doubles(times), doubles(values)]);
  return Buffer.concat([length, header, ...columns]);
}

function doubles(numbers: number[]): Buffer {
  const bytes = Buffer.alloc(numbers.length * 8);
  numbers.forEach((number, i) => bytes.writeDoubleLE(number, i * 8));
  return bytes;
}
