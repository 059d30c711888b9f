import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { pathToFileURL } from 'node:url';
import { bindMigrationAwareSqlAdapterFactory } from '@prisma/driver-adapter-utils';
import { createAdapterFactory } from './adapter.mjs';
import { runCommand } from './commands.mjs';

// What Prisma's CLI sends when no database is configured; nothing connects to it.
const NOWHERE = 'postgresql://none@127.0.0.1:1/none';

/** Answers JSON-RPC requests on stdin, one at a time, until it ends. */
export async function serve({ wasmFolder, url = NOWHERE, shadowDatabaseUrl, datamodels }) {
  const { SchemaEngine } = await loadEngine(wasmFolder);
  const factory = bindMigrationAwareSqlAdapterFactory(createAdapterFactory(url, shadowDatabaseUrl));
  const failure = watchPanics();
  let engine;

  const methods = {
    getDatabaseVersion: async (params) => (await engine).version(params),
    async createDatabase() {
      await runCommand('create-database', url);
      return {};
    },
    async diff(params) {
      const shadow = params.shadowDatabaseUrl ?? null;
      const { stdout, ...result } = await (await engine).diff({ ...params, shadowDatabaseUrl: shadow });
      // The native engine prints by asking the CLI to.
      if (stdout) send({ id: `print-${Date.now()}`, method: 'print', params: { content: stdout } });
      return { ...result, stdout: null };
    },
  };

  async function answer(line) {
    const { id, method, params } = JSON.parse(line);
    // The CLI confirms one of our requests to print.
    if (!method) return;
    try {
      const options = { datamodels: datamodels.length > 0 ? datamodels : undefined };
      engine ??= SchemaEngine.new(options, (entry) => process.stderr.write(`${entry}\n`), factory);
      const run = methods[method] ?? (async (given) => (await engine)[method](given));
      const result = await Promise.race([run(params), failure.next()]);
      send({ id, result: result ?? {} });
    } catch (error) {
      send({ id, error: describe(error) });
    }
  }

  let chain = Promise.resolve();
  const input = createInterface({ input: process.stdin });
  input.on('line', (line) => {
    if (line.trim()) chain = chain.then(() => answer(line));
  });
  input.on('close', () => chain.then(() => process.exit(0)));
}

async function loadEngine(folder) {
  const glue = await import(pathToFileURL(join(folder, 'schema_engine_bg.js')).href);
  const bytes = readFileSync(join(folder, 'schema_engine_bg.wasm'));
  const { instance } = await WebAssembly.instantiate(bytes, { './schema_engine_bg.js': glue });
  glue.__wbg_set_wasm(instance.exports);
  instance.exports.__wbindgen_start();
  return glue;
}

/**
 * A panic of the engine is told to a global and then traps inside of a callback: the call that caused it would never
 * settle, and the CLI would end in silence with exit code 0. `next` fails in its place.
 */
function watchPanics() {
  let fail = () => {};
  globalThis.PRISMA_WASM_PANIC_REGISTRY = {
    set_message: (message) => fail(new Error(`schema engine panicked: ${message}`)),
  };
  process.on('uncaughtException', (error) => fail(error));
  return {
    next: () =>
      new Promise((_, reject) => {
        fail = reject;
      }),
  };
}

function send(message) {
  process.stdout.write(`${JSON.stringify({ jsonrpc: '2.0', ...message })}\n`);
}

/** An error as the CLI takes it from the native engine. */
function describe(error) {
  const data = {
    is_panic: false,
    message: error?.message ?? String(error),
    meta: error?.meta ?? null,
    error_code: error?.code ?? null,
  };
  return { code: 4_466, message: 'An error happened. Check the data field for details.', data };
}
