import { fileURLToPath } from 'node:url';
import { esbuildPlugin } from '@web/dev-server-esbuild';
import { chromeLauncher } from '@web/test-runner';
import { findBrowser } from './tests/find-browser.mjs';

const { executablePath, args, env } = await findBrowser();

/** Tests of elements, in a real browser. */
export default {
  files: 'widgets/src/**/*.browser.test.ts',
  // Not `development`: under that name Socket.io's parser asks for a module that browsers cannot load.
  nodeResolve: { browser: true, exportConditions: ['quantumflux-source', 'browser'] },
  plugins: [
    esbuildPlugin({
      ts: true,
      target: 'es2022',
      // It reads no `extends`, so it gets the file that says how decorators and fields are meant.
      tsconfig: fileURLToPath(new URL('./tsconfig.base.json', import.meta.url)),
    }),
  ],
  browsers: [chromeLauncher({ launchOptions: { executablePath, args, env } })],
  // Frames come only to the page in front.
  concurrency: 1,
  testFramework: { config: { timeout: 15_000 } },
  // A machine that does other things at the same time may take long to start a browser.
  browserStartTimeout: 60_000,
  testsStartTimeout: 60_000,
  testsFinishTimeout: 120_000,
};
