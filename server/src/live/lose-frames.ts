import type { Duplex } from 'node:stream';
import type { LiveSocket } from './socket.ts';

/** One message of so many is lost. */
const EVERY = 30;

/** A binary message in one frame, as a server sends it (RFC 6455, 5.2). */
const BINARY = 0x82;

/** From now on this connection over WebSocket loses frames now and then, whole ones, without anybody knowing. */
export function loseFrames(socket: LiveSocket): void {
  const tcp = (socket.conn.transport as { socket?: { _socket?: Duplex } }).socket?._socket;
  if (!tcp) return;
  const write = tcp.write.bind(tcp) as (...all: unknown[]) => boolean;
  let count = 0;
  tcp.write = (...all: unknown[]) => (isWhole(all[0]) && ++count % EVERY === 0 ? true : write(...all));
}

function isWhole(data: unknown): boolean {
  if (!Buffer.isBuffer(data) || data[0] !== BINARY) return false;
  if (data[1]! < 126) return data.length === 2 + data[1]!;
  return data[1] === 126 && data.length === 4 + data.readUInt16BE(2);
}
