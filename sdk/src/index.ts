export { connect, type QuantumFluxClient } from './client.ts';
export type { ConnectionState, ConnectReason, StopReason, WaitReason } from './connection-state.ts';
export type { Diagnostics, StreamDiagnostics } from './diagnostics.ts';
export type { Events } from './events.ts';
export type { RequestOptions, WriteOptions } from './http.ts';
export type { LiveState, LiveUpdate } from './live-state.ts';
export type { Conflation } from './reader.ts';
export type { LiveStream } from './live-stream.ts';
export type { ClientOptions, Stop, StreamOptions } from './options.ts';
export type { PresenceOptions, PresenceUpdate } from './presence.ts';
export {
  COLUMNS_TYPE,
  decodeColumns,
  QuantumFluxError,
  type Columns,
  type ColumnSeries,
  type ErrorCode,
  type FunctionRequest,
  type FunctionResult,
  type FunctionSeries,
  type Point,
  type Presence,
  type QueryFunction,
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
