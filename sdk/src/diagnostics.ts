import type { ConnectionState } from './connection-state.ts';
import type { Lease } from './lease.ts';
import type { LiveState } from './live-state.ts';
import { NO_CHANNEL } from './link.ts';
import type { LiveStream } from './live-stream.ts';
import type { ResyncReason } from './protocol/index.ts';

/** How the connection and the live streams of a client do. Counts are since it was made, rates of the last ten seconds. */
export type Diagnostics = {
  connection: ConnectionState;
  /** What carries it: `websocket`, or `polling` where that is blocked; null while there is none. */
  transport: string | null;
  /** The version that client and server speak; null while that is not known. */
  protocol: number | null;
  /** Local, in ms since the epoch; null while there is no connection. */
  connectedSince: number | null;
  /** How often it was made again after it was lost. */
  reconnects: number;
  /** How often it went over to another server without an interruption. */
  moves: number;
  /** How long a question to the server and its answer took, lately, in ms; null until that was tried. */
  roundTripMs: number | null;
  frames: number;
  framesPerSecond: number;
  /** Of frames, without what the transport puts around them. */
  bytes: number;
  bytesPerSecond: number;
  /** One per live stream that is watched by this client. The connection may have those of other clients as well. */
  streams: StreamDiagnostics[];
};

export type StreamDiagnostics = {
  selector: string;
  state: LiveState['is'];
  /** How many streams match. */
  series: number;
  /** Points that came live, without history. */
  points: number;
  pointsPerSecond: number;
  /**
   * How old the newest point of a frame was when it came, by the server's clock, in ms, of the last 512 frames with points.
   * That is the way from the sensor to here: what the writer waited before it wrote, and how wrong its clock is, are in it.
   * It is no measure where points are written that are not of now. The protocol does not tell when a point was stored, so
   * what the server alone took cannot be told apart.
   */
  ageMs: { p50: number; p99: number } | null;
  /** Points that were left out, because this client was too slow for them. */
  skipped: number;
  /** Gaps that were found and filled. */
  gaps: number;
  /** How often history was replaced, and why. */
  resyncs: Partial<Record<ResyncReason, number>>;
  /** How long ago the server said how far the journal is, in ms; null until it did. Live streams hear it every 5 s. */
  positionAgeMs: number | null;
};

/** How old a round trip may be before another one is made, in ms. */
const ROUND_TRIP_MS = 5_000;

export function diagnose(connection: Lease, streams: Iterable<LiveStream>): Diagnostics {
  const { state, link, traffic } = connection;
  const { frames, bytes, opens, moves, roundTrip } = traffic;
  const now = Date.now();
  if (link && now - roundTrip.at > ROUND_TRIP_MS) {
    roundTrip.at = now;
    const startedAt = performance.now();
    const answered = () => {
      if (connection.link === link) roundTrip.ms = performance.now() - startedAt;
    };
    link.ask('unsubscribe', { channel: NO_CHANNEL }).then(answered, answered);
  }
  return {
    connection: state,
    transport: link?.transport ?? null,
    protocol: link?.protocol ?? null,
    connectedSince: state.is === 'connected' ? state.since : null,
    reconnects: Math.max(0, opens - 1),
    moves,
    roundTripMs: roundTrip.ms,
    frames: frames.total,
    framesPerSecond: frames.perSecond(now),
    bytes: bytes.total,
    bytesPerSecond: bytes.perSecond(now),
    streams: Array.from(streams, ({ selector, state, series, stats }) => ({
      selector,
      state: state.is,
      series: series.length,
      points: stats.points.total,
      pointsPerSecond: stats.points.perSecond(now),
      ageMs: stats.ages.percentiles(),
      skipped: stats.skipped,
      gaps: stats.gaps,
      resyncs: { ...stats.resyncs },
      positionAgeMs: stats.heardAt === null ? null : now - stats.heardAt,
    })),
  };
}
