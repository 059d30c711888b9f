import { dirname, join } from 'node:path';
import { createServer, defaultClientConditions } from 'vite';
import { root } from './run.mjs';

const server = 'http://localhost:5000';
const script = join(root, 'widgets/src/cdn.ts');
const scripts = {
  '/sdk/quantumflux.js': script,
  '/sdk/quantumflux-debug.js': join(root, 'widgets/src/debug/debug.ts'),
};
const scriptFolder = dirname(script);

/** Gives the demo page its scripts from the sources, under the addresses that they have in production. */
const scriptFromSources = {
  name: 'script-from-sources',
  enforce: 'pre',
  resolveId: (id) => scripts[id.split('?')[0]] ?? null,
  // Built, all modules are one, at the address in the page; the sources each have their own, without the page's key.
  transform: (code, id) =>
    id.startsWith(scriptFolder)
      ? code.replaceAll('import.meta.url', `document.querySelector('script[src*="/sdk/quantumflux.js"]').src`)
      : null,
};

/** Serves the demo page on port 3000 until what it returns is called. */
export async function startClient() {
  const vite = await createServer({
    configFile: false,
    root: join(root, 'examples/demo'),
    cacheDir: join(root, 'node_modules/.cache/vite'),
    plugins: [scriptFromSources],
    resolve: { conditions: ['quantumflux-source', ...defaultClientConditions] },
    // As in tsconfig.base.json: Lit's decorators, with fields that are assigned and not defined over its accessors.
    oxc: { decorator: { legacy: true }, assumptions: { setPublicClassFields: true } },
    // The page names no source file; so that all libraries are found before the first request, not during it.
    optimizeDeps: { entries: [script] },
    server: {
      port: 3000,
      strictPort: true,
      fs: { allow: [root] },
      proxy: {
        '/api': server,
        '/health': server,
        '/ready': server,
        '/socket.io': { target: server, ws: true },
      },
    },
  });
  await vite.listen();
  vite.printUrls();
  return () => vite.close();
}
