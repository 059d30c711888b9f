import { connect, createServer, type AddressInfo, type Socket } from 'node:net';

/** A network between a client and a server. */
export type Proxy = {
  url: string;
  /** How often a client asked for a WebSocket. */
  upgrades: number;
  /** Nothing gets through from now on, and nobody is told, until the function that is handed back is called. */
  freeze(): () => void;
  close(): Promise<void>;
};

/** `webSocket: false` lets requests through and cuts whoever asks for a WebSocket, as some company networks do. */
export async function createProxy(target: string, { webSocket = true } = {}): Promise<Proxy> {
  const { port } = new URL(target);
  const sockets = new Set<Socket>();
  let isFrozen = false;

  const server = createServer((client) => {
    const upstream = connect(Number(port), '127.0.0.1');
    for (const socket of [client, upstream]) {
      sockets.add(socket);
      socket.on('error', () => socket.destroy());
      socket.on('close', () => {
        sockets.delete(socket);
        client.destroy();
        upstream.destroy();
      });
      if (isFrozen) socket.pause();
    }
    const pass = (from: Socket, to: Socket) =>
      from.on('data', (bytes: Buffer) => {
        if (/\r\nupgrade: websocket\r\n/i.test(bytes.toString('latin1'))) {
          proxy.upgrades++;
          if (!webSocket) return client.destroy();
        }
        to.write(bytes);
      });
    pass(client, upstream);
    pass(upstream, client);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));

  const proxy: Proxy = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    upgrades: 0,
    freeze() {
      isFrozen = true;
      for (const socket of sockets) socket.pause();
      return () => {
        isFrozen = false;
        for (const socket of sockets) socket.resume();
      };
    },
    async close() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  return proxy;
}
