import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { findFreePort } from '../../server/src/database/embedded/ports.ts';

// A process of its own, as the server is one, that does nothing but wait before each answer.
const program = `
  const [port, ms] = process.argv.slice(1).map(Number);
  require('node:http')
    .createServer((req, res) => req.resume().on('end', () => setTimeout(() => res.writeHead(503).end(), ms)))
    .listen(port, '127.0.0.1', () => console.log('ready'));`;

/**
 * A server that answers everything after so many ms exactly. How much longer that takes, as its clients see it, is this
 * machine and what else runs on it: a bound on the time of another server holds beside it, however loaded the machine is.
 */
export async function startYardstick(ms: number): Promise<{ url: string; stop(): void }> {
  const port = await findFreePort();
  const child = spawn(process.execPath, ['-e', program, String(port), String(ms)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  await once(child.stdout, 'data');
  return { url: `http://127.0.0.1:${port}`, stop: () => void child.kill('SIGKILL') };
}
