// Builds what is missing or older than its sources, or of that only the parts that are named. `--types` adds what only
// those need who publish the packages: declarations and the manifest of the elements.
import { readdirSync, statSync, utimesSync } from 'node:fs';
import { join } from 'node:path';
import { root, run, since } from './run.mjs';

const shared = [
  'rollup.config.mjs',
  'tsconfig.base.json',
  'package-lock.json',
  'sdk/package.json',
  'widgets/package.json',
];

/** In the order in which one needs the other. `output` stands for all that a part writes. */
const parts = {
  database: {
    output: 'server/src/database/generated/client.ts',
    sources: ['prisma/schema.prisma'],
    build: () => runOrFail(['prisma/prisma.mjs', 'generate']),
  },
  sdk: { output: 'sdk/dist/index.js', sources: [...shared, 'sdk/src'] },
  widgets: { output: 'widgets/dist/index.js', sources: [...shared, 'widgets/src'] },
  cdn: { output: 'widgets/dist/cdn/quantumflux.js', sources: [...shared, 'widgets/src', 'sdk/src'] },
  debug: { output: 'widgets/dist/cdn/quantumflux-debug.js', sources: [...shared, 'widgets/src', 'sdk/src'] },
  server: {
    output: 'server/dist/main.js',
    sources: [...shared, 'server/src', 'prisma/migrations', 'examples/demo'],
  },
};

/** Builds the named parts as far as needed; says so in one line when there is something to do. */
export async function build(names = Object.keys(parts)) {
  const stale = names.filter((name) => isStale(parts[name]));
  if (stale.length === 0) return;
  const start = performance.now();
  process.stdout.write(`Building ${stale.join(', ')} … `);
  for (const name of stale) {
    // Stamped with the time before, so that what is edited meanwhile counts as newer.
    const now = new Date();
    await (parts[name].build ?? (() => bundle(name)))();
    utimesSync(join(root, parts[name].output), now, now);
  }
  console.log(since(start));
}

async function bundle(name) {
  // Loaded late: with everything up to date, `npm start` does without.
  const [{ rollup }, configs] = await Promise.all([import('rollup'), import('../rollup.config.mjs')]);
  const { output, ...input } = configs[name];
  const result = await rollup(input);
  await result.write(output);
  await result.close();
}

async function buildTypes() {
  const start = performance.now();
  process.stdout.write('Building declarations and the manifest of the elements … ');
  await Promise.all([
    runOrFail(['node_modules/typescript/bin/tsc', '-b']),
    runOrFail([join(root, 'node_modules/@custom-elements-manifest/analyzer/cem.js'), 'analyze'], {
      cwd: join(root, 'widgets'),
    }),
  ]);
  console.log(since(start));
}

async function runOrFail(args, options) {
  const { ok, output } = await run(args, options);
  if (!ok) throw new Error(output);
}

function isStale({ output, sources }) {
  const built = statSync(join(root, output), { throwIfNoEntry: false });
  return !built || sources.some((source) => newest(join(root, source)) > built.mtimeMs);
}

/** When anything in a folder changed last; the folders themselves count, so that what was deleted does. */
function newest(path) {
  const stat = statSync(path, { throwIfNoEntry: false });
  if (!stat) return 0;
  if (!stat.isDirectory()) return stat.mtimeMs;
  return readdirSync(path).reduce((latest, name) => Math.max(latest, newest(join(path, name))), stat.mtimeMs);
}

if (process.argv[1] === import.meta.filename) {
  try {
    const names = process.argv.slice(2).filter((name) => name in parts);
    await build(names.length > 0 ? names : undefined);
    if (process.argv.includes('--types')) await buildTypes();
  } catch (error) {
    // Rollup shows the place in `frame`; where in Rollup it was noticed helps no one.
    console.error(`\n${error.message}\n${error.frame ?? ''}`);
    process.exitCode = 1;
  }
}
