import { endpoints, MAX_WRITE_BYTES, QuantumFluxError } from '@quantumflux/sdk/protocol';
import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { WebSocketServer, type WebSocket } from 'ws';
import type { Bus, Stop } from '../../bus/bus.ts';
import { demand, type Authenticate, type Caller } from '../../http/caller.ts';
import { comeBackIn, toQuantumFluxError } from '../../http/errors.ts';
import { refuseUpgrade, type Upgrade } from '../../http/upgrade.ts';
import type { Log } from '../../log.ts';
import type { Admission } from '../admission.ts';
import type { IngestService } from '../ingest.service.ts';
import { createPatience } from '../patience.ts';
import type { CountMessage } from '../sources.metrics.ts';
import { createWriteQueue } from '../write-queue.ts';
import { POINTS_PROTOCOL, protocolsOf, socketCredentials } from './subprotocol.ts';
import { HEAD_BYTES } from './write-message.ts';
import { dismiss, serveWrites, type WriteSocket } from './write-socket.ts';

export type PointsSocketPorts = {
  authenticate: Authenticate;
  admission: Admission;
  ingest: Pick<IngestService, 'appendAll'>;
  bus: Bus;
  log: Log;
  count: CountMessage;
  /** Counts the sockets that are open. */
  sockets: { inc(): void; dec(): void };
};

const defaults = {
  /** Most sockets at a time; more are told to come back. */
  maxSockets: 5_000,
  /** How often each socket is asked for a sign of life, in ms. One that gave none to two of them is cut off. */
  beatMs: 15_000,
};

/** The message with the longest key. */
const MAX_MESSAGE_BYTES = MAX_WRITE_BYTES + HEAD_BYTES + 255;

const SHUTDOWN = 'The server is shutting down.';

type Sender = { ws: WebSocket; caller: Caller; socket: WriteSocket; silentBeats: number; recheck(): Promise<unknown> };

/** WebSockets at the path of `POST /api/v1/points`: for browsers and devices that write often. */
export async function startPointsSocket(
  ports: PointsSocketPorts,
  options: Partial<typeof defaults> = {},
): Promise<{ path: string; upgrade: Upgrade; stop: Stop }> {
  const { authenticate, admission, ingest, bus, log, count } = ports;
  const { maxSockets, beatMs } = { ...defaults, ...options };
  const senders = new Set<Sender>();
  let isStopping = false;

  const handshake = (maxPayload: number) =>
    new WebSocketServer({
      noServer: true,
      clientTracking: false,
      perMessageDeflate: false,
      handleProtocols: () => POINTS_PROTOCOL,
      maxPayload,
    });
  const accepting = handshake(MAX_MESSAGE_BYTES);
  // Also who is refused shakes hands, because a page in a browser learns only then why. It has nothing to say.
  const refusing = handshake(1_024);

  async function admit(req: IncomingMessage): Promise<Caller> {
    if (isStopping) throw comeBackIn(1_000, 'unavailable', SHUTDOWN);
    if (senders.size >= maxSockets) {
      throw comeBackIn(5_000, 'unavailable', `${maxSockets} sockets are open, which is the most. Try again later.`);
    }
    const caller = await createPatience().waitFor(authenticate(socketCredentials(req)));
    demand(caller, 'points.write');
    return caller;
  }

  function open(ws: WebSocket, req: IncomingMessage, caller: Caller): void {
    ws.on('error', () => {});
    const queue = createWriteQueue((writes) => createPatience().waitFor(ingest.appendAll(caller.organization, writes)));
    const { subject } = caller;
    const socket = serveWrites(ws, { connection: req.socket, queue, room: admission.room(), count, log, subject });
    const sender: Sender = { ws, caller, socket, silentBeats: 0, recheck: () => authenticate(socketCredentials(req)) };
    const stopExpiry = expire(caller, socket);
    senders.add(sender);
    ports.sockets.inc();
    log.info('a socket that writes points was opened', { subject });
    ws.on('close', (code) => {
      stopExpiry();
      senders.delete(sender);
      ports.sockets.dec();
      log.info('a socket that writes points was closed', { subject, code });
    });
    // It ended while the hands were shaken.
    if (isStopping) void socket.end(1001, SHUTDOWN);
  }

  const upgrade: Upgrade = (req, connection: Duplex, head) => {
    if (!protocolsOf(req).includes(POINTS_PROTOCOL)) {
      const message = `Ask for the subprotocol ${POINTS_PROTOCOL}, in the header Sec-WebSocket-Protocol.`;
      return refuseUpgrade(connection, new QuantumFluxError('invalid_input', message));
    }
    admit(req).then(
      (caller) => accepting.handleUpgrade(req, connection, head, (ws) => open(ws, req, caller)),
      (cause: unknown) =>
        refusing.handleUpgrade(req, connection, head, (ws) => {
          ws.on('error', () => {});
          void dismiss(ws, toQuantumFluxError(cause));
        }),
    );
  };

  function beat(): void {
    for (const sender of senders) {
      sender.silentBeats = sender.socket.isHeard() ? 0 : sender.silentBeats + 1;
      if (sender.silentBeats > 2) sender.ws.terminate();
      else {
        sender.ws.ping();
        void recheck(sender);
      }
    }
  }

  /** Rights end while a socket is open; that of a revoked key also when nobody tells us. */
  async function recheck({ recheck, socket }: Sender): Promise<void> {
    try {
      demand((await recheck()) as Caller, 'points.write');
    } catch (cause) {
      const error = toQuantumFluxError(cause);
      if (error.code === 'unauthenticated' || error.code === 'forbidden') await socket.refuse(error);
    }
  }

  const heartbeat = setInterval(beat, beatMs);
  const stopRevoking = await bus.subscribe('keys', ({ id }) => {
    for (const { caller, socket } of senders) {
      if (caller.subject === `key:${id}`) {
        void socket.refuse(new QuantumFluxError('unauthenticated', 'This API key was revoked.'));
      }
    }
  });

  return {
    path: endpoints.writePoints.path,
    upgrade,
    async stop() {
      isStopping = true;
      clearInterval(heartbeat);
      await stopRevoking();
      await Promise.all([...senders].map(({ ws, socket }) => endOf(ws, socket.end(1001, SHUTDOWN))));
    },
  };
}

/** Resolves once the socket is closed on both sides. */
async function endOf(ws: WebSocket, ended: Promise<void>): Promise<void> {
  const closed = new Promise<void>((done) => (ws.readyState === ws.CLOSED ? done() : ws.once('close', () => done())));
  await ended;
  await closed;
}

function expire({ expiresAt }: Caller, socket: WriteSocket): () => void {
  if (expiresAt === null) return () => undefined;
  const end = () =>
    void socket.refuse(new QuantumFluxError('unauthenticated', 'The token has expired. Get a new one.'));
  const timer = setTimeout(end, Math.max(0, expiresAt - Date.now()));
  return () => clearTimeout(timer);
}
