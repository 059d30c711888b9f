import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestProject } from 'vitest/node';
import { startEmbeddedPostgres, type EmbeddedPostgres } from '../server/src/database/embedded.postgres.ts';
import { silent } from '../server/src/log.ts';
import { makeTemplate } from './databases.ts';

declare module 'vitest' {
  interface ProvidedContext {
    /** Answers with the address of the PostgreSQL server of this run. */
    postgres: string;
  }
}

/** One PostgreSQL for all tests of a run. The first test that asks for it starts it, so that others do not wait for it. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  let started: Promise<{ url: string; stop(): Promise<void> }> | undefined;
  const server = createServer((_request, response) => {
    started ??= start();
    started.then(
      ({ url }) => response.end(url),
      (error: unknown) => response.writeHead(500).end(String(error)),
    );
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  project.provide('postgres', `http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  return async () => {
    server.closeAllConnections();
    server.close();
    await (await started?.catch(() => undefined))?.stop();
  };
}

async function start(): Promise<EmbeddedPostgres> {
  const dir = await mkdtemp(join(tmpdir(), 'quantumflux-tests-'));
  // Open to the account that PostgreSQL runs as when the tests run as root.
  await chmod(dir, 0o755);
  const postgres = await startEmbeddedPostgres({ dir, log: silent });
  await makeTemplate(postgres.url);
  return {
    url: postgres.url,
    async stop() {
      await postgres.stop();
      await rm(dir, { recursive: true });
    },
  };
}
