import { execFileSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';

const sources = join(import.meta.dirname, 'native');
const built = join(import.meta.dirname, '.cache');
const FLAGS = ['-O2', '-Wall', '-Wno-unused-function', '-Wno-unused-result', '-Wno-misleading-indentation'];

/** The programs in C, compiled here: the load, and the floor that nothing can be below. */
export function buildNative() {
  mkdirSync(built, { recursive: true });
  const compile = (name) => {
    const output = join(built, name);
    execFileSync('gcc', [...FLAGS, '-o', output, join(sources, `${name}.c`)], { stdio: 'inherit' });
    return output;
  };
  return { loadgen: compile('loadgen'), floor: compile('floor') };
}
