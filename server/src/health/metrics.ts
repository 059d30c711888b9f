import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client';

/** What the server counts of itself. Features are handed the one they need; Prometheus reads the registry. */
export function createMetrics() {
  const registry = new Registry();
  const registers = [registry];
  collectDefaultMetrics({ register: registry });

  return {
    registry,
    requests: new Histogram({
      name: 'quantumflux_http_request_seconds',
      help: 'Time to answer HTTP requests, by endpoint.',
      labelNames: ['method', 'route', 'status'],
      buckets: [0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10],
      registers,
    }),
    pointsIngested: new Counter({
      name: 'quantumflux_points_ingested_total',
      help: 'Points committed to the journal.',
      registers,
    }),
    journalCommits: new Counter({
      name: 'quantumflux_journal_commits_total',
      help: 'Group commits to the journal.',
      registers,
    }),
    liveSockets: new Gauge({ name: 'quantumflux_live_sockets', help: 'Open live connections.', registers }),
    subscriptions: new Gauge({
      name: 'quantumflux_live_subscriptions',
      help: 'Subscriptions of open connections.',
      registers,
    }),
    framesSent: new Counter({
      name: 'quantumflux_live_frames_sent_total',
      help: 'Frames of points sent to sockets.',
      registers,
    }),
    handshakes: new Counter({
      name: 'quantumflux_live_handshakes_total',
      help: 'Live connections that were let in, or told to come back.',
      labelNames: ['outcome'],
      registers,
    }),
    backfilledRows: new Counter({
      name: 'quantumflux_journal_backfill_rows_total',
      help: 'Rows of the journal that were read for readers who missed them.',
      registers,
    }),
  };
}

export type Metrics = ReturnType<typeof createMetrics>;
