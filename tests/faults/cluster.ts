import { startNginx, type TestNginx } from '../nginx.ts';
import { createDatabase } from '../postgres.ts';
import { startRedis } from '../redis.ts';
import { startServer, temporaryFolder, type RunningServer } from '../server.ts';

/** Some servers on one PostgreSQL and one Redis, behind nginx as we recommend it. */
export type Cluster = {
  /** Of nginx. */
  url: string;
  /** Of each server. */
  urls: readonly string[];
  nginx: TestNginx;
  /** Ends one server well, or by kill -9, and starts it again at the same address; its exit code. */
  restart(server: number, how: 'stop' | 'kill'): Promise<number | null>;
  stop(): Promise<void>;
};

export async function startCluster({ size = 3, env = {} }: { size?: number; env?: Record<string, string> } = {}) {
  const [folder, redis] = await Promise.all([temporaryFolder(), startRedis()]);
  const all = {
    DATABASE_URL: await createDatabase({ template: 'migrated' }),
    REDIS_URL: redis.url,
    TOKEN_SECRET: 't'.repeat(40),
    PASSWORD_PEPPER: 'p'.repeat(40),
    ...env,
  };
  const start = (port?: number) => startServer({ dataDir: folder.path, env: all, ...(port && { port }) });
  const servers: RunningServer[] = await Promise.all(Array.from({ length: size }, () => start()));
  const nginx = await startNginx(servers);

  const cluster: Cluster = {
    url: nginx.url,
    urls: servers.map(({ url }) => url),
    nginx,
    async restart(i, how) {
      const { port } = servers[i]!;
      const code = await servers[i]![how]();
      servers[i] = await start(port);
      return code;
    },
    async stop() {
      await nginx.stop();
      await Promise.all(servers.map((server) => server.kill()));
      await redis.stop();
      await folder.remove();
    },
  };
  return cluster;
}
