// `npm ci` refuses a lock file that lacks a package which another one names as optional (the builds for other machines).
// npm writes such a file without a word when a registry has only some of them: so look here, not on someone's laptop.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from './run.mjs';

const { packages } = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8'));
const locked = new Set(Object.keys(packages).map((path) => path.replace(/^.*node_modules\//, '')));

const missing = Object.entries(packages).flatMap(([path, { version, optionalDependencies = {} }]) =>
  Object.entries(optionalDependencies)
    .filter(([name]) => !locked.has(name))
    .map(([name, range]) => `${path} ${version} wants ${name} ${range}`),
);

if (missing.length > 0) {
  console.error(`package-lock.json lacks:\n  ${missing.join('\n  ')}\nPin a version whose packages are all there.`);
  process.exitCode = 1;
}
