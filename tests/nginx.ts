import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { chmod, copyFile, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { findFreePort } from '../server/src/database/embedded/ports.ts';

const HOW_TO_GET_IT = 'apt-get install nginx, or: brew install nginx';

/** Ours, as operators copy it. */
const folder = fileURLToPath(new URL('../deploy/nginx/', import.meta.url));

/** Whether this machine has nginx. Where it has not, tests of it are skipped, but not in silence, and never in CI. */
export function hasNginx(): boolean {
  if (spawnSync('nginx', ['-v']).status === 0) return true;
  if (process.env['CI']) throw new Error(`There is no nginx on the PATH. ${HOW_TO_GET_IT}`);
  console.warn(`\n*** The tests with nginx are SKIPPED: there is no nginx on the PATH. ${HOW_TO_GET_IT} ***\n`);
  return false;
}

export type TestNginx = {
  url: string;
  /** What it had to complain about. */
  complaints(): Promise<string>;
  stop(): Promise<void>;
};

/** What nginx itself says of deploy/nginx/, as it is but for the port, which not everybody may open. */
export async function checkNginxFiles(): Promise<string> {
  const place = await prepare({ port: await findFreePort(), servers: undefined });
  const { stderr } = spawnSync('nginx', ['-t', ...place.arguments], { encoding: 'utf8' });
  await place.remove();
  return stderr;
}

/** nginx with deploy/nginx/ in front of these servers, on a port of the test's own. */
export async function startNginx(servers: readonly { port: number }[]): Promise<TestNginx> {
  const port = await findFreePort();
  const place = await prepare({ port, servers });
  const child = spawn('nginx', place.arguments, { stdio: 'inherit' });
  const exit = once(child, 'exit');
  const endWithUs = () => child.kill('SIGTERM');
  process.on('exit', endWithUs);
  while (!(await isListening(port))) {
    if (child.exitCode !== null) throw new Error(`nginx gave up:\n${await place.complaints()}`);
    await sleep(20);
  }
  return {
    url: `http://127.0.0.1:${port}`,
    complaints: place.complaints,
    async stop() {
      process.off('exit', endWithUs);
      child.kill('SIGTERM');
      await exit;
      await place.remove();
    },
  };
}

type Places = { port: number; servers: readonly { port: number }[] | undefined };

/** A folder in which nginx keeps everything. Of our files only the addresses are others. */
async function prepare({ port, servers }: Places) {
  const dir = await mkdtemp(join(tmpdir(), 'quantumflux-nginx-'));
  // Its workers have an account of their own when the tests run as root.
  await chmod(dir, 0o755);
  const main = `
    daemon off;
    worker_processes 1;
    pid ${dir}/nginx.pid;
    events { worker_connections 4096; }
    http {
      access_log off;
      ${['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map((kind) => `${kind}_temp_path ${dir}/${kind};`).join('\n')}
      include quantumflux.conf;
    }`;
  await writeFile(join(dir, 'nginx.conf'), main);
  const ours = await readFile(join(folder, 'quantumflux.conf'), 'utf8');
  await writeFile(join(dir, 'quantumflux.conf'), ours.replace('listen 80;', `listen 127.0.0.1:${port};`));
  if (!servers) await copyFile(join(folder, 'servers.conf'), join(dir, 'servers.conf'));
  else {
    const [, rest] = /server 10\.0\.0\.11:5000 (.*;)/.exec(await readFile(join(folder, 'servers.conf'), 'utf8'))!;
    const lines = servers.map((server) => `server 127.0.0.1:${server.port} ${rest}\n`);
    await writeFile(join(dir, 'servers.conf'), lines.join(''));
  }
  const errors = join(dir, 'error.log');
  return {
    arguments: ['-p', dir, '-c', join(dir, 'nginx.conf'), '-e', errors],
    complaints: () => readFile(errors, 'utf8').catch(() => ''),
    remove: () => rm(dir, { recursive: true, force: true }),
  };
}

async function isListening(port: number): Promise<boolean> {
  const socket = connect(port, '127.0.0.1');
  const answer = await Promise.race([
    once(socket, 'connect').then(() => true),
    once(socket, 'error').then(() => false),
  ]).catch(() => false);
  socket.destroy();
  return answer;
}
