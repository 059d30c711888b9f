import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { comeBackIn, sendError } from './errors.ts';
import { refuseUpgrade } from './upgrade.ts';

/** What an HTTP server does on its way out, in this order. */
export type Closing = {
  /** Every answer ends its connection from now on, so that no balancer keeps one open that is about to go. */
  begin(): void;
  /** Who wants to stay, over a WebSocket or polling, is answered 503 from now on: a balancer then asks another server. */
  refuseSockets(): void;
  /** Takes no more connections; resolves when all requests are answered, or are cut off because it took too long. */
  finish(options: { patienceMs: number }): Promise<void>;
};

/** To be called when all who listen to the server do so already. `stays`: paths at which requests are not for an answer. */
export function createClosing(http: Server, { stays }: { stays: string }): Closing {
  const open = new Set<ServerResponse>();
  let isClosing = false;
  let onAnswered = () => {};

  http.prependListener('request', ({ url = '' }: IncomingMessage, res: ServerResponse) => {
    // Not a header that is set: whoever answers may write all of them at once.
    if (isClosing) res.shouldKeepAlive = false;
    if (url.startsWith(stays)) return;
    open.add(res);
    res.once('close', () => {
      open.delete(res);
      if (open.size === 0) onAnswered();
    });
  });

  return {
    begin() {
      isClosing = true;
      for (const res of open) res.shouldKeepAlive = false;
    },
    refuseSockets() {
      http.removeAllListeners('upgrade');
      http.on('upgrade', (_req, socket) => {
        socket.on('error', () => {});
        refuseUpgrade(socket, leaving());
      });
      const listeners = http.listeners('request') as ((req: IncomingMessage, res: ServerResponse) => void)[];
      http.removeAllListeners('request');
      http.on('request', (req: IncomingMessage, res: ServerResponse) => {
        if (!beginsToPoll(req, stays)) return listeners.forEach((listener) => listener.call(http, req, res));
        sendError(res, leaving());
      });
    },
    async finish({ patienceMs }) {
      http.close();
      http.closeIdleConnections();
      if (open.size === 0) return;
      const timer = setTimeout(() => http.closeAllConnections(), patienceMs);
      await new Promise<void>((resolve) => (onAnswered = resolve));
      clearTimeout(timer);
    },
  };
}

const leaving = () => comeBackIn(1_000, 'unavailable', 'The server is shutting down. Connect again.');

/** A session that is there already goes on. */
function beginsToPoll({ url = '' }: IncomingMessage, stays: string): boolean {
  return url.startsWith(stays) && !new URL(url, 'http://here').searchParams.has('sid');
}
