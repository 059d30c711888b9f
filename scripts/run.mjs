import { spawn } from 'node:child_process';
import { join } from 'node:path';

export const root = join(import.meta.dirname, '..');

/**
 * Runs a Node program from the root of the repository and waits for its end. What it prints is returned, or with
 * `loud` goes straight to the terminal.
 */
export function run(args, { cwd = root, env = {}, loud = false } = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, args, {
      cwd,
      env: { ...process.env, ...env },
      stdio: loud ? 'inherit' : ['ignore', 'pipe', 'pipe'],
    });
    let output = '';
    for (const stream of [child.stdout, child.stderr])
      stream?.setEncoding('utf8').on('data', (text) => (output += text));
    child.once('error', reject);
    child.once('close', (code) => resolve({ ok: code === 0, output }));
  });
}

/** `1.2 s` since `start`, a value of `performance.now()`. */
export const since = (start) => `${((performance.now() - start) / 1000).toFixed(1)} s`;
