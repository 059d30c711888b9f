import { createServer, type Server as HttpServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Server, type Socket } from 'socket.io';
import { MemoryServer, type MemoryServerOptions } from '../memory-server/server.ts';
import type { Wire } from '../memory-server/session.ts';
import { toError } from '../memory-server/replies.ts';
import type { ClientEvents, Handshake, ServerEvents } from '../protocol/index.ts';

export type TestServerOptions = Omit<MemoryServerOptions, 'latencyMs'> & {
  /** 0, the default, takes a free one. */
  port?: number;
  /** Default true. False: as behind a network that blocks WebSocket. */
  webSocket?: boolean;
};

/** The server in memory behind a real Socket.io, for what the SDK does with a network. Close it at the end. */
export async function createTestServer(options: TestServerOptions = {}): Promise<TestServer> {
  const http = createServer();
  const server = new TestServer(http, options);
  await new Promise<void>((resolve) => http.listen(options.port ?? 0, '127.0.0.1', resolve));
  return server;
}

export class TestServer extends MemoryServer {
  readonly #http: HttpServer;
  readonly #io: Server<ClientEvents, ServerEvents>;

  constructor(http: HttpServer, { webSocket = true, ...options }: TestServerOptions) {
    super(options);
    this.#http = http;
    this.#io = new Server(http, { serveClient: false, transports: webSocket ? ['polling', 'websocket'] : ['polling'] });
    this.#io.on('connection', (socket) => this.#open(socket));
    this.#io.use((socket, next) => {
      try {
        this.admit(socket.handshake.auth as Handshake);
        next();
      } catch (cause) {
        const error = toError(cause);
        // As Socket.io wants it: what `data` is goes to the client.
        next(Object.assign(new Error(error.message), { data: error.toBody() }));
      }
    });
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#http.address() as AddressInfo).port}`;
  }

  override async close(): Promise<void> {
    await super.close();
    await this.#io.close();
  }

  #open(socket: Socket<ClientEvents, ServerEvents>): void {
    const handshake = socket.handshake.auth as Handshake;
    const { asked, leave } = this.open(handshake, wireOf(socket, handshake));
    for (const [event, answer] of Object.entries(asked)) socket.on(event as keyof ClientEvents, answer);
    socket.on('disconnect', leave);
  }
}

function wireOf(socket: Socket<ClientEvents, ServerEvents>, { frames }: Handshake): Wire {
  const { conn } = socket;
  return {
    send(event, message) {
      // F3: a binary message that no packet of Socket.io announced.
      if (event === 'frame' && frames === 'bare') conn.send(Buffer.from(message as Uint8Array));
      else socket.emit(event, ...([message] as never));
    },
    close(how) {
      if (how === 'cut') conn.close(true);
      else socket.disconnect(true);
    },
  };
}
