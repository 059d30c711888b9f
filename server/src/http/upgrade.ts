import type { IncomingMessage, Server } from 'node:http';
import type { Duplex } from 'node:stream';
import { QuantumFluxError } from '@quantumflux/sdk/protocol';
import { retrySeconds, statusOf } from './errors.ts';

/** Takes over a connection that is to speak another protocol than HTTP from now on. */
export type Upgrade = (req: IncomingMessage, socket: Duplex, head: Buffer) => void;

export type UpgradeRoutes = {
  /** By path, without the query. */
  routes: Readonly<Record<string, Upgrade>>;
  /** Paths that begin so are the business of somebody else who listens. */
  others: readonly string[];
};

/** Leads each upgrade to whoever serves its path. What nobody serves is refused at once. */
export function routeUpgrades(http: Server, { routes, others }: UpgradeRoutes): void {
  http.on('upgrade', (req: IncomingMessage, socket: Duplex, head: Buffer) => {
    const [path = ''] = (req.url ?? '').split('?', 1);
    if (others.some((other) => path.startsWith(other))) return;
    // Nobody listens to it while it changes hands, and an error that nobody hears ends the process.
    socket.on('error', () => {});
    const serve = Object.hasOwn(routes, path) ? routes[path] : undefined;
    if (serve) return serve(req, socket, head);
    refuseUpgrade(socket, new QuantumFluxError('not_found', 'There is no WebSocket at this address.'));
  });
}

/** Answers in HTTP, which the connection still speaks. */
export function refuseUpgrade(socket: Duplex, error: QuantumFluxError): void {
  const body = JSON.stringify({ error: error.toBody() });
  const status = statusOf[error.code];
  const retryAfter = retrySeconds(error);
  // The other side might never close its half.
  socket.once('finish', () => socket.destroy());
  socket.end(
    [
      `HTTP/1.1 ${status} ${error.code}`,
      'Connection: close',
      'Content-Type: application/json; charset=utf-8',
      `Content-Length: ${Buffer.byteLength(body)}`,
      ...(retryAfter > 0 ? [`Retry-After: ${retryAfter}`] : []),
      '',
      body,
    ].join('\r\n'),
  );
}
