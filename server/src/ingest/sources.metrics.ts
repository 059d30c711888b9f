import { Counter, Gauge, type Registry } from 'prom-client';

/** Ways in besides HTTP. */
export type Source = 'websocket' | 'redis' | 'mqtt';

/** What became of a message: on disk now, on disk already, refused for what is in it, or let go for want of room. */
export type Outcome = 'stored' | 'replayed' | 'refused' | 'dropped';

/** Told of every message of a source. */
export type CountMessage = (outcome: Outcome) => void;

/** What the sources count of themselves. */
export function createSourceMetrics(registry: Registry) {
  const registers = [registry];
  const messages = new Counter({
    name: 'quantumflux_source_messages_total',
    help: 'Messages with points that came over WebSocket, Redis or MQTT, by what became of them.',
    labelNames: ['source', 'outcome'],
    registers,
  });
  return {
    countFor:
      (source: Source): CountMessage =>
      (outcome) =>
        messages.inc({ source, outcome }),
    writeSockets: new Gauge({
      name: 'quantumflux_write_sockets',
      help: 'Open WebSockets that may write points.',
      registers,
    }),
  };
}
