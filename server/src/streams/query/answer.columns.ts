import { ByteWriter } from '@quantumflux/sdk/protocol';
import type { AnsweredSeries } from './series.ts';

/** Binary columns; the layout is described where they are read, in the protocol's query-columns.ts. */
export function* writeColumns(series: AnsweredSeries[]): Generator<Uint8Array> {
  const streams = series.map(({ meta, resolution, columns }) => ({
    ...meta,
    resolution,
    columns: columns.map(([name]) => name),
    count: columns[0]![1].length,
  }));
  const header = Buffer.from(JSON.stringify({ streams }));
  const length = Buffer.alloc(4);
  length.writeUInt32LE(header.length);
  yield length;
  yield header;
  for (const { columns } of series) {
    const out = new ByteWriter(columns.length * columns[0]![1].length * 8);
    for (const [, column] of columns) for (const value of column) out.f64(value);
    yield out.toBytes();
  }
}
