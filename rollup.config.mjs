import { cpSync, rmSync } from 'node:fs';
import { isAbsolute, join } from 'node:path';
import resolve from '@rollup/plugin-node-resolve';
import { transform } from 'esbuild';
import esbuildPlugin, { minify } from 'rollup-plugin-esbuild';
import { entriesOf } from './scripts/entries.mjs';

const root = import.meta.dirname;
const target = 'es2022';

/** Types are the compiler's business (`tsc -b`); here TypeScript is only stripped, and Lit's decorators lowered. */
const typescript = (folder) => ({
  ...esbuildPlugin({ include: /\.ts$/, tsconfig: join(root, folder, 'tsconfig.json'), target }),
  // Its resolver would defeat the `browser` fields that node-resolve reads: socket.io-client would come in for Node.
  resolveId: undefined,
});

/** What is named, not pathed, is installed beside the package. */
const installed = (id) => !id.startsWith('.') && !isAbsolute(id);

/** Puts folders beside the bundle, for those who have the package and not the repository. */
const copy = (folders) => ({
  name: 'copy',
  writeBundle({ dir }) {
    for (const [to, from] of Object.entries(folders)) {
      rmSync(join(dir, to), { recursive: true, force: true });
      cpSync(join(root, from), join(dir, to), { recursive: true, filter: (path) => !path.endsWith('package.json') });
    }
  },
});

const modules = (folder, input, plugins = []) => ({
  input,
  external: installed,
  plugins: [typescript(folder), ...plugins],
  output: { dir: join(root, folder, 'dist'), format: 'es', sourcemap: true, chunkFileNames: 'shared/[name].js' },
});

const entries = (folder) =>
  Object.fromEntries(
    entriesOf(folder).map(({ source, output }) => [output.replace(/^dist\/|\.js$/g, ''), join(root, folder, source)]),
  );

/** For Node and for bundlers: one module per entry of the package, what they share in chunks. */
export const sdk = modules('sdk', entries('sdk'));

/** One module per tag, so that an application takes only those it uses. */
export const widgets = modules('widgets', entries('widgets'));

/** Socket.io brings WebTransport along; our servers offer WebSocket, and polling where that is blocked. */
const withoutWebTransport = {
  name: 'without-webtransport',
  load: (id) => (/engine\.io-client.*webtransport\.js$/.test(id) ? 'export class WT {}' : null),
};

/** Styles are text inside of the code, so the minifier of the code leaves them as they are written. */
const smallStyles = {
  name: 'small-styles',
  async transform(code, id) {
    if (!id.endsWith('.styles.ts')) return null;
    const small = new Map();
    for (const [, css] of code.matchAll(styles)) {
      small.set(css, (await transform(css, { loader: 'css', minify: true, target })).code.trim());
    }
    return { code: code.replace(styles, (_, css) => `css\`${small.get(css)}\``), map: null };
  },
};
const styles = /\bcss`([^`$]*)`/g;

/** For a script tag: one file with all it needs, from the sources. */
export const cdn = {
  input: join(root, 'widgets/src/cdn.ts'),
  plugins: [
    resolve({ browser: true, exportConditions: ['quantumflux-source', 'production'] }),
    typescript('widgets'),
    withoutWebTransport,
    smallStyles,
  ],
  onwarn(warning, warn) {
    const ours = warning.ids?.some((id) => !id.includes('node_modules')) ?? true;
    if (warning.code !== 'CIRCULAR_DEPENDENCY' || ours) warn(warning);
  },
  output: {
    file: join(root, 'widgets/dist/cdn/quantumflux.js'),
    format: 'es',
    inlineDynamicImports: true,
    sourcemap: true,
    plugins: [
      minify({
        target,
        legalComments: 'none',
        banner: '/*! QuantumFlux (MIT) with Lit (BSD-3), d3 (ISC), Socket.io (MIT) */',
      }),
    ],
  },
};

/** The program, with the generated database client inside. */
export const server = modules('server', { main: join(root, 'server/src/main.ts') }, [
  copy({ migrations: 'prisma/migrations', demo: 'examples/demo' }),
]);

export default [sdk, widgets, cdn, server];
