import { dirname, relative, resolve, sep } from 'node:path';
import { entriesOf } from '../entries.mjs';

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
  return sources.get(specifier) ?? specifier;
}

/** Where the modules of our own packages have their sources, by the name they are imported with. */
const sources = new Map(
  ['sdk', 'widgets'].flatMap((folder) => entriesOf(folder).map(({ name, source }) => [name, `${folder}/${source}`])),
);

const admits = (by, file) =>
  by.reduce((open, pattern) => (matches(file, pattern.replace(/^!/, '')) ? !pattern.startsWith('!') : open), false);

const patterns = new Map();

/** Whether a path fits a glob with `**`, `*` and `{a,b}`: all that the table needs. */
function matches(path, glob) {
  if (!patterns.has(glob))
    patterns.set(glob, new RegExp(`^${glob.replace(/\*\*\/|\*\*|[*{},.]/g, (part) => meanings[part])}$`));
  return patterns.get(glob).test(path);
}

const meanings = { '**/': '(?:.*/)?', '**': '.*', '*': '[^/]*', '{': '(?:', '}': ')', ',': '|', '.': '\\.' };
