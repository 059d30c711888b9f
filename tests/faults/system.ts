import { chmod } from 'node:fs/promises';
import { startServer, temporaryFolder } from '../server.ts';
import { findEmbedded } from './embedded.ts';

/** A server with its embedded PostgreSQL, both of which may be killed and come back on the same ports. */
export async function startSystem(environment: Record<string, string> = {}) {
  const folder = await temporaryFolder();
  // PostgreSQL runs as an account of its own, and keeps its files here only if it can enter.
  await chmod(folder.path, 0o755);
  let server = await startServer({ dataDir: folder.path, env: environment });

  return {
    url: server.url,
    /** What the server said since it was started last. */
    output: () => server.output(),
    /** Looked up anew after each kill: its processes are others. */
    database: () => findEmbedded(folder.path),
    killServer: (): Promise<unknown> => server.kill(),
    /** With another environment, if one is given, from then on. */
    async restartServer(env = environment): Promise<void> {
      environment = env;
      server = await startServer({ dataDir: folder.path, port: server.port, env });
    },
    async stop(): Promise<void> {
      await server.stop();
      await folder.remove();
    },
  };
}

export type System = Awaited<ReturnType<typeof startSystem>>;
