// `npm run dev`: the server and the demo page from their sources, without a build. `server` or `client` alone as well.
//   server   http://localhost:5000   starts again when its sources change
//   client   http://localhost:3000   the demo with the widgets' sources, reloads when they change; asks the server
import { spawn } from 'node:child_process';
import { build } from './build.mjs';
import { root } from './run.mjs';

const named = process.argv.slice(2);
const wanted = (name) => named.length === 0 || named.includes(name);
const stops = [];

if (wanted('server')) {
  await build(['database']);
  stops.push(startServer());
}
if (wanted('client')) {
  const { startClient } = await import('./dev-client.mjs');
  stops.push(await startClient());
}

let stopping = false;
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => void stop());

async function stop() {
  if (stopping) return;
  stopping = true;
  await Promise.all(stops.map((stop) => stop()));
  process.exit();
}

function startServer() {
  const flags = ['--watch', '--watch-preserve-output', '--conditions=quantumflux-source', '--import', 'tsx'];
  const server = spawn(process.execPath, [...flags, 'server/src/main.ts'], { cwd: root, stdio: 'inherit' });
  const ended = new Promise((resolve) => server.once('exit', resolve));
  ended.then(() => stop());
  return async () => {
    server.kill('SIGTERM');
    await ended;
  };
}
