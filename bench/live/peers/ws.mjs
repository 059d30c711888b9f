// `ws` with what can be had from Node.js: one binary block a stream and flush, framed once, written straight to the sockets.
//   ws.mjs PORT FLUSH_MS     0: once a turn of the event loop
import { createServer } from 'node:http';
import { WaitingBlocks, webSocketHead } from './blocks.mjs';
import { acceptPublisher, every, oncePerTurn, WebSocketServer } from './publisher.mjs';

const [port, flushMs] = process.argv.slice(2).map(Number);
const server = createServer((_, response) => response.end('ok'));
const sockets = new WebSocketServer({ noServer: true });
const subscribers = new Map();
const waiting = new WaitingBlocks();

const flush = () =>
  waiting.take((stream, block) => {
    const set = subscribers.get(stream);
    if (!set) return;
    const frame = Buffer.concat([webSocketHead(2, block.length), block]);
    for (const ws of set) ws._socket.write(frame);
  });
const soon = oncePerTurn(flush);
if (flushMs > 0) every(flushMs, flush);

acceptPublisher(server, {
  onText: () => undefined,
  onBinary(message) {
    waiting.add(message);
    if (flushMs === 0) soon();
  },
});
server.on('upgrade', (request, socket, head) => {
  if (request.isPublisher) return;
  sockets.handleUpgrade(request, socket, head, (ws) => {
    const mine = [];
    ws.on('message', (message) => {
      const stream = Number(message);
      mine.push(stream);
      if (!subscribers.has(stream)) subscribers.set(stream, new Set());
      subscribers.get(stream).add(ws);
      ws.send('ok');
    });
    ws.on('close', () => mine.forEach((stream) => subscribers.get(stream).delete(ws)));
  });
});
server.listen(port, '127.0.0.1', () => console.log('ready'));
