import { randomInt } from 'node:crypto';
import { createServer } from 'node:net';

// Below 32768, where Linux takes the ports of outgoing connections from: a port that is free now stays free.
const LOWEST = 20_000;
const HIGHEST = 32_767;

/** A port of 127.0.0.1 that nobody listens on. */
export async function findFreePort(): Promise<number> {
  for (let attempt = 0; attempt < 100; attempt++) {
    const port = randomInt(LOWEST, HIGHEST + 1);
    if (await isFree(port)) return port;
  }
  throw new Error(`No port from ${LOWEST} to ${HIGHEST} is free on 127.0.0.1.`);
}

function isFree(port: number): Promise<boolean> {
  return new Promise((done) => {
    const server = createServer();
    server.once('error', () => done(false));
    server.listen(port, '127.0.0.1', () => server.close(() => done(true)));
  });
}
