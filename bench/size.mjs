import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { brotliCompressSync, gzipSync } from 'node:zlib';
import { rollup } from 'rollup';
import { cdn } from '../rollup.config.mjs';
import { build } from '../scripts/build.mjs';

/** What the first chart of a page may cost on the wire. */
const budget = 45_000;

export async function measure() {
  await build(['cdn']);
  const min = readFileSync(cdn.output.file);
  const gzip = gzipSync(min, { level: 9 }).length;
  return {
    'the first chart of a page, in bytes': [
      { min: min.length, gzip, brotli: brotliCompressSync(min).length, budget, 'left of it': budget - gzip },
    ],
    'what it is made of, in bytes before it is minified': await composition(),
  };
}

async function composition() {
  const { output, ...input } = cdn;
  const bundle = await rollup(input);
  const {
    output: [chunk],
  } = await bundle.generate(output);
  await bundle.close();
  const bytes = new Map();
  for (const [id, { renderedLength }] of Object.entries(chunk.modules)) {
    bytes.set(packageOf(id), (bytes.get(packageOf(id)) ?? 0) + renderedLength);
  }
  const total = [...bytes.values()].reduce((sum, length) => sum + length, 0);
  return [...bytes]
    .sort(([, a], [, b]) => b - a)
    .map(([from, length]) => ({ from, bytes: length, share: `${((100 * length) / total).toFixed(1)} %` }));
}

/** The package that a module belongs to; of ours, the folder. */
function packageOf(id) {
  const installed = id.match(/.*node_modules[\\/]((?:@[^\\/]+[\\/])?[^\\/]+)/);
  if (installed) return installed[1];
  const path = id.replace(`${join(import.meta.dirname, '..')}`, '').replaceAll('\\', '/');
  return path.match(/^\/(?:sdk|widgets)\/src(?:\/[^/]+(?=\/))?/)?.[0].slice(1) ?? 'rollup and esbuild';
}
