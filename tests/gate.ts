import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';

/** A way to a server that can be cut, or lets no WebSocket through, as many a company's does. */
export type Gate = {
  url: string;
  /** Cuts every connection that goes through it, without a word to either side. */
  cut(): void;
  stop(): Promise<void>;
};

export async function startGate(to: string, { webSocket = true }: { webSocket?: boolean } = {}): Promise<Gate> {
  const { hostname, port } = new URL(to);
  const open = new Set<Socket>();

  const server = createServer((client) => {
    const behind = connect(Number(port), hostname);
    for (const [one, other] of [
      [client, behind],
      [behind, client],
    ] as const) {
      open.add(one);
      one.on('error', () => {});
      one.on('close', () => {
        open.delete(one);
        other.destroy();
      });
      one.on('end', () => other.end());
    }
    client.on('data', (data) => {
      // A client sends this in one piece, on a connection of its own.
      if (webSocket || !/^upgrade: websocket/im.test(data.toString('latin1'))) behind.write(data);
      else client.end('HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\nConnection: close\r\n\r\n');
    });
    behind.on('data', (data) => client.write(data));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const cut = () => open.forEach((socket) => socket.destroy());

  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    cut,
    async stop() {
      server.close();
      cut();
      await once(server, 'close');
    },
  };
}
