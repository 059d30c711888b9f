import { readFileSync } from 'node:fs';
import { dirname, join, relative, resolve, sep } from 'node:path';

/**
 * ESLint rule: holds a table of who may import whom. Every option is a row `{ what, by, why }`: what matches `what` may
 * be imported only by files that match `by`. Of several rows the first counts; of several patterns in `by` the last,
 * and `!` takes back. Files are named by their path from the root, packages as they are imported.
 *
 * It needs no resolver: imports inside a package are relative and end in `.ts`, those between packages are listed in
 * the package's `exports`. So a forbidden arrow is refused even when nothing is at its end.
 */
export default {
  meta: {
    type: 'problem',
    schema: { type: 'array', items: { type: 'object' } },
    messages: { closed: '{{file}} may not import {{target}}: {{why}}' },
  },
  create(context) {
    const file = pathFrom(context.cwd, context.filename);
    const check = (source) => {
      if (typeof source?.value !== 'string') return;
      const target = targetOf(source.value, context);
      const row = context.options.find(({ what }) => what.some((pattern) => matches(target, pattern)));
      if (!row || admits(row.by, file)) return;
      context.report({ node: source, messageId: 'closed', data: { file, target: source.value, why: row.why } });
    };
    return {
      ImportDeclaration: (node) => check(node.source),
      ImportExpression: (node) => check(node.source),
      ExportAllDeclaration: (node) => check(node.source),
      ExportNamedDeclaration: (node) => check(node.source),
      TSImportType: (node) => check(node.source),
    };
  },
};

const pathFrom = (root, path) => relative(root, path).replaceAll(sep, '/');

function targetOf(specifier, { cwd, filename }) {
  if (specifier.startsWith('.')) return pathFrom(cwd, resolve(dirname(filename), specifier));
  return sourcesOf(cwd).get(specifier) ?? specifier;
}

const sourcesByRoot = new Map();

/** Where the entries of our own packages have their sources, by the name they are imported with. */
function sourcesOf(root) {
  const known = sourcesByRoot.get(root);
  if (known) return known;
  const sources = new Map();
  for (const folder of ['sdk', 'widgets']) {
    const { name, exports } = JSON.parse(readFileSync(join(root, folder, 'package.json'), 'utf8'));
    for (const [entry, target] of Object.entries(exports)) {
      const source = target['quantumflux-source'];
      if (source) sources.set(join(name, entry).replaceAll(sep, '/'), join(folder, source).replaceAll(sep, '/'));
    }
  }
  sourcesByRoot.set(root, sources);
  return sources;
}

const admits = (by, file) =>
  by.reduce((open, pattern) => (matches(file, pattern.replace(/^!/, '')) ? !pattern.startsWith('!') : open), false);

const compiled = new Map();

/** Globs with `**`, `*` and `{a,b}`: all that the table needs. */
function matches(path, glob) {
  let pattern = compiled.get(glob);
  if (!pattern) {
    const source = glob.replace(/\*\*\/|\*\*|\*|[{},]|[.+()[\]$^|?]/g, (part) => parts[part] ?? `\\${part}`);
    compiled.set(glob, (pattern = new RegExp(`^${source}$`)));
  }
  return pattern.test(path);
}

const parts = { '**/': '(?:.*/)?', '**': '.*', '*': '[^/]*', '{': '(?:', '}': ')', ',': '|' };
