import { cpSync, rmSync } from 'node:fs';
import { isAbsolute, join } from 'node:path';
import resolve from '@rollup/plugin-node-resolve';
import esbuild from 'rollup-plugin-esbuild';
import { entriesOf } from './scripts/entries.mjs';

const root = import.meta.dirname;
const target = 'es2022';

/** Types are the compiler's business (`tsc -b`); here TypeScript is only stripped, and Lit's decorators lowered. */
const typescript = (folder) => ({
  ...esbuild({ include: /\.ts$/, tsconfig: join(root, folder, 'tsconfig.json'), target }),
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

/**
 * The part of Socket.io that a page needs (in the packages it is socket.io-client itself), and Engine.IO without what it brings
 * for servers and browsers that we have none of: WebTransport (ours offer WebSocket, and polling where that is blocked),
 * and an address parser of its own.
 */
const lean = {
  name: 'lean',
  resolveId: (id, importer) =>
    id === './socket-io.ts' && importer === join(root, 'sdk/src/link.ts')
      ? join(root, 'sdk/src/socket-io.lean.ts')
      : null,
  load(id) {
    if (/engine\.io-client.*webtransport\.js$/.test(id)) return 'export class WT {}';
    if (/engine\.io-client.*parseuri\.js$/.test(id)) return `export ${parse}`;
    return null;
  },
};

function parse(uri) {
  const { protocol, hostname, port } = new URL(uri);
  return { protocol: protocol.slice(0, -1), host: hostname.replace(/[[\]]/g, ''), port };
}

const licences = '/*! QuantumFlux (MIT) with Lit (BSD-3-Clause), d3 (ISC) and Socket.io (MIT) */';

/** Vite's minifier: of those at hand the one that leaves least, 1.4 kB less on the wire than esbuild's. */
const minify = {
  name: 'minify',
  async renderChunk(code, { fileName }) {
    const { minify } = await import('vite');
    const small = await minify(fileName, code, { module: true, compress: { target }, mangle: true, sourcemap: true });
    if (small.errors.length > 0) throw new Error(small.errors[0].message);
    // At the end, where it does not move what the map points at.
    return { code: `${small.code}\n${licences}\n`, map: small.map };
  },
};

/** For a script tag: one file with all it needs, from the sources. */
const oneFile = (source, output) => ({
  input: join(root, source),
  plugins: [
    lean,
    resolve({ browser: true, exportConditions: ['quantumflux-source', 'production'] }),
    typescript('widgets'),
  ],
  onwarn(warning, warn) {
    const ours = warning.ids?.some((id) => !id.includes('node_modules')) ?? true;
    if (warning.code !== 'CIRCULAR_DEPENDENCY' || ours) warn(warning);
  },
  output: {
    file: join(root, output),
    format: 'es',
    inlineDynamicImports: true,
    sourcemap: true,
    plugins: [minify],
  },
});

export const cdn = oneFile('widgets/src/cdn.ts', 'widgets/dist/cdn/quantumflux.js');

/** Beside it, and loaded by it when the address of the page has `qf-debug`. */
export const debug = oneFile('widgets/src/debug/debug.ts', 'widgets/dist/cdn/quantumflux-debug.js');

/** The program, with the generated database client inside. */
export const server = modules('server', { main: join(root, 'server/src/main.ts') }, [
  copy({ migrations: 'prisma/migrations', demo: 'examples/demo' }),
]);

export default [sdk, widgets, cdn, debug, server];
