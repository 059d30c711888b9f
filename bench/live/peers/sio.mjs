// Socket.io 4.
//   sio.mjs PORT rooms           a room for each stream, an event for each point: what one writes with it
//   sio.mjs PORT direct FLUSH_MS one binary event a stream and flush, framed once, written straight to the TCP sockets
import { createServer } from 'node:http';
import { Server } from 'socket.io';
import { WaitingBlocks, webSocketHead } from './blocks.mjs';
import { acceptPublisher, every } from './publisher.mjs';

const [port, mode, flushMs] = process.argv.slice(2);
const server = createServer((_, response) => response.end('ok'));
// Engine.IO ends upgrades that are not its own, unless told otherwise.
const io = new Server({ serveClient: false, destroyUpgrade: false });
const subscribers = new Map();
const waiting = new WaitingBlocks();

const announcement = Buffer.from('451-["b",{"_placeholder":true,"num":0}]');
const announced = Buffer.concat([webSocketHead(1, announcement.length), announcement]);

function flush() {
  const frames = new Map();
  waiting.take((stream, block) => {
    const frame = Buffer.concat([announced, webSocketHead(2, block.length), block]);
    for (const socket of subscribers.get(stream) ?? []) {
      const { conn } = socket;
      const isOpen = conn.transport.name === 'websocket' && conn.transport.writable && conn.writeBuffer.length === 0;
      if (!isOpen) socket.emit('b', block);
      else if (frames.has(socket)) frames.get(socket).push(frame);
      else frames.set(socket, [frame]);
    }
  });
  for (const [socket, parts] of frames) {
    socket.conn.transport.socket._socket.write(parts.length === 1 ? parts[0] : Buffer.concat(parts));
  }
}
if (mode === 'direct') every(Number(flushMs), flush);

io.on('connection', (socket) => {
  socket.on('sub', (stream) => {
    if (mode === 'direct') {
      if (!subscribers.has(stream)) subscribers.set(stream, new Set());
      subscribers.get(stream).add(socket);
      socket.on('disconnect', () => subscribers.get(stream).delete(socket));
    } else {
      void socket.join(`s${stream}`);
    }
    socket.emit('ok', stream);
  });
  socket.on('pub', (point) => io.to(`s${point.s}`).emit('p', point));
});
io.attach(server);
acceptPublisher(server, { onText: () => undefined, onBinary: (message) => waiting.add(message) });
server.listen(Number(port), '127.0.0.1', () => console.log('ready'));
