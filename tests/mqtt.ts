import { Aedes } from 'aedes';
import { createServer, type Socket } from 'node:net';
import { findFreePort } from '../server/src/database/embedded/ports.ts';

/** A broker of the test's own, which lets anybody in, or only who has the password. */
export async function startBroker({ password }: { password?: string } = {}) {
  const broker = await Aedes.createBroker({
    authenticate: (_client, _user, given, done) => done(null, password === undefined || String(given) === password),
  });
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => {}).on('close', () => sockets.delete(socket));
    broker.handle(socket);
  });
  const port = await findFreePort();
  const listen = () => new Promise<void>((done) => server.listen(port, '127.0.0.1', done));
  await listen();

  return {
    url: `mqtt://127.0.0.1:${port}`,
    broker,
    /** How many clients it knows of as connected. */
    get clients(): number {
      return broker.connectedClients;
    },
    publish: (
      topic: string,
      payload: string | Buffer,
      { qos = 1, retain = false }: { qos?: 0 | 1; retain?: boolean } = {},
    ) =>
      new Promise<void>((done, fail) =>
        broker.publish({ cmd: 'publish', topic, payload, qos, retain, dup: false }, (error) =>
          error ? fail(error) : done(),
        ),
      ),
    /** Bytes that were taken by the network on the way to the clients. */
    sentBytes: () => [...sockets].reduce((sum, socket) => sum + socket.bytesWritten - socket.writableLength, 0),
    /** Ends all connections and takes no more; what it has for its clients it keeps. */
    async goAway(): Promise<void> {
      const closed = new Promise((done) => server.close(done));
      for (const socket of sockets) socket.destroy();
      await closed;
    },
    comeBack: listen,
    async stop(): Promise<void> {
      for (const socket of sockets) socket.destroy();
      server.close();
      await new Promise<void>((done) => broker.close(done));
    },
  };
}

export type TestBroker = Awaited<ReturnType<typeof startBroker>>;
