import { readFileSync } from 'node:fs';
import { posix } from 'node:path';

/**
 * The modules that a package offers, as its `exports` say: the name to import, the source, and what is built of it.
 * Paths are relative to the package.
 */
export function entriesOf(folder) {
  const { name, exports } = JSON.parse(readFileSync(new URL(`../${folder}/package.json`, import.meta.url), 'utf8'));
  return Object.entries(exports)
    .filter(([, target]) => target['quantumflux-source'])
    .map(([entry, target]) => ({
      name: posix.join(name, entry),
      source: posix.normalize(target['quantumflux-source']),
      output: posix.normalize(target.default),
    }));
}
