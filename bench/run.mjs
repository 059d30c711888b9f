// `npm run bench`: measures and prints tables. `npm run bench -- size` only what is named; `--json FILE` keeps the figures.
//
// A bench is a file beside this one with `export async function measure()` that resolves to tables by their titles:
// { 'what was measured': [{ column: value }] }. Figures that go into results.md say machine, date and commit.
import { spawnSync } from 'node:child_process';
import { readdirSync, writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { basename } from 'node:path';
import { parseArgs } from 'node:util';

const { values, positionals } = parseArgs({ allowPositionals: true, options: { json: { type: 'string' } } });
const known = readdirSync(import.meta.dirname)
  .filter((file) => file.endsWith('.mjs') && file !== basename(import.meta.filename))
  .map((file) => basename(file, '.mjs'));

const unknown = positionals.filter((name) => !known.includes(name));
if (unknown.length > 0) {
  console.error(`There is no bench ${unknown.join(', ')}; there are: ${known.join(', ')}.`);
  process.exit(1);
}

const results = {};
for (const name of positionals.length > 0 ? positionals : known) {
  const { measure } = await import(`./${name}.mjs`);
  results[name] = await measure();
  for (const [title, rows] of Object.entries(results[name])) {
    console.log(`\n${name}: ${title}`);
    console.table(rows);
  }
}

if (values.json) {
  const git = spawnSync('git', ['rev-parse', '--short', 'HEAD'], { cwd: import.meta.dirname, encoding: 'utf8' });
  const commit = git.stdout?.trim() || 'unknown';
  const machine = `${cpus().length} x ${cpus()[0].model}, Node.js ${process.versions.node}`;
  writeFileSync(
    values.json,
    `${JSON.stringify({ date: new Date().toISOString(), commit, machine, results }, null, 2)}\n`,
  );
}
