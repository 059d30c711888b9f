import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { expect, test } from 'vitest';
import { get, startServer, temporaryFolder } from '../server.ts';

const COUNT = 2_000;

/** Systems bound what programs ask for; Linux does by 128 or 4,096. */
function room(): number {
  return process.platform === 'linux' ? Number(readFileSync('/proc/sys/net/core/somaxconn', 'utf8')) : 0;
}

test.runIf(room() >= COUNT)('thousands who come at once while the server is busy need not knock twice', async () => {
  const folder = await temporaryFolder();
  const server = await startServer({ dataDir: folder.path });
  try {
    server.pause();
    const sockets = Array.from({ length: COUNT }, () => connect(server.port, '127.0.0.1'));
    // The system takes them in for the server, as many as there is room for; others would be kept out for seconds, or for ever.
    await Promise.all(sockets.map((socket) => once(socket, 'connect')));
    server.resume();
    expect((await get(server.url, '/ready')).status).toBe(200);
    for (const socket of sockets) socket.destroy();
  } finally {
    server.resume();
    await server.stop();
    await folder.remove();
  }
});
