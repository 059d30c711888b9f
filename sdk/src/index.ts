export { connect, type QuantumFluxClient } from './client.ts';
export type { ConnectionState } from './connection-state.ts';
export type { RequestOptions } from './http.ts';
export type { LiveState, LiveUpdate } from './live-state.ts';
export type { LiveStream } from './live-stream.ts';
export type { ClientOptions, Stop, StreamOptions } from './options.ts';
export {
  QuantumFluxError,
  type Columns,
  type ErrorCode,
  type Point,
  type QueryRequest,
  type QueryResult,
  type QuerySeries,
  type ResyncReason,
  type StreamInfo,
  type StreamKind,
  type StreamMeta,
  type StreamWrite,
  type Tags,
  type TimeInput,
} from './protocol/index.ts';
export { Series } from './series.ts';
