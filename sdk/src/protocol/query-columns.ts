import { ByteReader } from './bytes.ts';
import { QuantumFluxError } from './error.ts';
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

/**
 * Reads an answer that was asked for with `Accept: application/vnd.quantumflux.columns`. Bytes that end too early are an
 * `internal` error.
 */
export function decodeColumns(bytes: Uint8Array): ColumnSeries[] {
  const reader = new ByteReader(bytes);
  const header = reader.bytes(new DataView(reader.bytes(4).slice().buffer).getUint32(0, true));
  const { streams } = JSON.parse(new TextDecoder().decode(header)) as { streams: Head[] };
  return streams.map(({ columns, count, ...meta }) => {
    if (columns.length * count * 8 > reader.left)
      throw new QuantumFluxError('internal', 'An answer in columns ended too early.');
    return { ...meta, columns: Object.fromEntries(columns.map((name) => [name, readColumn(reader, count)])) };
  });
}

function readColumn(reader: ByteReader, count: number): Float64Array {
  const column = new Float64Array(count);
  for (let i = 0; i < count; i++) column[i] = reader.f64();
  return column;
}
