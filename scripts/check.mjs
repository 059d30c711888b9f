// `npm test`, here and in CI: all that must hold before a change is merged. Every step runs, also after one failed, and
// the last line printed is `N passed, N failed`.
import { existsSync, readdirSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { build } from './build.mjs';
import { browserTests, program, vitest } from './check/steps.mjs';

const PASSED = { passed: 1, failed: 0 };
const FAILED = { passed: 0, failed: 1 };

const begin = performance.now();
const rows = [];

requireInstalled();
// What is generated is imported by what is checked.
await step('database client', () => build(['database']).then(() => PASSED));

// Quiet looks at the sources; beside each other, because each keeps one core busy.
await Promise.all([
  step('lock file', () => program('scripts/lock-check.mjs')).then(() =>
    step('types', () => program('node_modules/typescript/bin/tsc', '-b')),
  ),
  step('format', () => program('node_modules/prettier/bin/prettier.cjs', '--check', '--log-level=warn', '.')).then(() =>
    step('lint', () => program('node_modules/eslint/bin/eslint.js', '--max-warnings=0', '.')),
  ),
]);
await loudStep('unit and contract tests', () => vitest('node'));
await step('build', () => program('scripts/build.mjs'));
await loudStep('browser tests', browserTests);
await loudStep('end-to-end tests', () => vitest('e2e'));
await loudStep('end-to-end tests that stand alone', () => vitest('alone'));
summarise();

/** Runs a step and says how it went. A step that is not a suite of tests counts as one. */
async function step(name, work) {
  const start = performance.now();
  const result = await work().catch(({ message }) => ({ ...FAILED, output: message }));
  const { passed, failed, skipped = 0, output = '' } = result;
  const row = { name, passed, failed, skipped, seconds: Number(((performance.now() - start) / 1000).toFixed(1)) };
  rows.push(row);
  console.log(`${failed ? 'FAILED' : 'ok'}  ${name}, ${row.seconds} s`);
  if (failed && output) console.log(output);
}

/** Runs a step that prints while it works. */
async function loudStep(name, work) {
  heading(name);
  await step(name, work);
}

function requireInstalled() {
  const folders = (process.env.PATH ?? '').split(delimiter);
  const hasRedis = folders.some((folder) => existsSync(join(folder, 'redis-server')));
  if (!hasRedis) missing('redis-server', 'redis-server', 'redis');
  const debian = '/usr/lib/postgresql';
  const installed = existsSync(debian) ? readdirSync(debian).map((version) => join(debian, version, 'bin')) : [];
  const others = ['/opt/homebrew/opt', '/usr/local/opt'].flatMap((folder) =>
    existsSync(folder) ? readdirSync(folder).map((name) => join(folder, name, 'bin')) : [],
  );
  const hasPostgres = [...installed, ...others].some((folder) => existsSync(join(folder, 'pg_basebackup')));
  if (!hasPostgres) missing('PostgreSQL', 'postgresql', 'postgresql@17');
}

function missing(name, debian, brew) {
  heading(`${name} is not installed: what needs it is NOT tested`);
  console.log(`Debian, Ubuntu: apt-get install ${debian}      macOS: brew install ${brew}\n`);
  // A machine that decides about merging must not skip in silence.
  if (process.env.CI === 'true') rows.push({ name, ...FAILED, skipped: 0, seconds: 0 });
}

function summarise() {
  const sum = (column) => rows.reduce((total, row) => total + row[column], 0);
  heading(`all steps, ${((performance.now() - begin) / 1000).toFixed(0)} s`);
  console.table(Object.fromEntries(rows.map(({ name, ...row }) => [name, row])));
  process.exitCode = sum('failed') > 0 ? 1 : 0;
  console.log(`${sum('passed')} passed, ${sum('failed')} failed`);
}

function heading(text) {
  console.log(`\n── ${text} ${'─'.repeat(Math.max(0, 100 - text.length))}`);
}
