import { createRequire } from 'node:module';

/** The `ws` of the server; tools of this repository bring older ones. */
export const { WebSocketServer } = createRequire(new URL('../../../server/package.json', import.meta.url))('ws');

/** Where the publisher connects, beside whatever else the HTTP server serves. */
export function acceptPublisher(server, { onText, onBinary }) {
  const sockets = new WebSocketServer({ noServer: true });
  server.prependListener('upgrade', (request, socket, head) => {
    if (request.url !== '/pub') return;
    request.isPublisher = true;
    sockets.handleUpgrade(request, socket, head, (ws) => {
      ws.on('message', (message, isBinary) => (isBinary ? onBinary(message) : onText(message)));
    });
  });
}

/** Without drift. */
export function every(ms, work) {
  let next = performance.now() + ms;
  const tick = () => {
    work();
    next = Math.max(next + ms, performance.now());
    setTimeout(tick, next - performance.now());
  };
  setTimeout(tick, ms);
}

/** At most once in a turn of the event loop. */
export function oncePerTurn(work) {
  let isDue = false;
  return () => {
    if (isDue) return;
    isDue = true;
    setImmediate(() => {
      isDue = false;
      work();
    });
  };
}
