import { ByteReader } from './bytes.ts';
import type { StreamMeta } from './points.ts';

/** The media type of binary columns. */
export const COLUMNS_TYPE = 'application/vnd.quantumflux.columns';

// The answer of a query in columns, in the layout in which they are written (docs/ingest.md). Little-endian:
//   u32 length of the header in bytes · header, JSON: {"streams": [{stream, tags, unit, kind, resolution, columns, count}, …]}
//   then for each stream, in that order, for each of its `columns`: count × float64

/** One stream of an answer. A gap is NaN. */
export type ColumnSeries = Omit<StreamMeta, 'id'> & {
  resolution: string;
  /** By name: `t` and `v`, or `t` and what was asked for. */
  columns: Record<string, Float64Array>;
};

type Head = Omit<ColumnSeries, 'columns'> & { columns: string[]; count: number };

/** Reads an answer that was asked for with `Accept: application/vnd.quantumflux.columns`. */
export function decodeColumns(bytes: Uint8Array): ColumnSeries[] {
  const length = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength).getUint32(0, true);
  const header = new TextDecoder().decode(bytes.subarray(4, 4 + length));
  const { streams } = JSON.parse(header) as { streams: Head[] };
  const reader = new ByteReader(bytes, 4 + length);
  return streams.map(({ columns, count, ...meta }) => ({
    ...meta,
    columns: Object.fromEntries(columns.map((name) => [name, readColumn(reader, count)])),
  }));
}

function readColumn(reader: ByteReader, count: number): Float64Array {
  const column = new Float64Array(count);
  for (let i = 0; i < count; i++) column[i] = reader.f64();
  return column;
}
