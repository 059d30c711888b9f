import { fork } from 'node:child_process';
import { join } from 'node:path';
import { build } from '../scripts/build.mjs';

/** Runs on the sources, in a process of its own, for Node.js takes TypeScript only from its start on. */
export async function measure() {
  await build(['database']);
  const child = fork(join(import.meta.dirname, 'query', 'main.ts'), {
    execArgv: ['--conditions=quantumflux-source', '--import', 'tsx'],
  });
  return new Promise((resolve, reject) => {
    let tables;
    child.on('message', (message) => (tables = message));
    child.on('exit', (code) => (code === 0 ? resolve(tables) : reject(new Error('The bench of queries failed.'))));
  });
}
