import type { AddressInfo } from 'node:net';
import { startDatabase } from '../../tests/postgres.ts';
import { createReadableLog } from './app.testing.ts';
import { compose } from './compose.ts';
import { readConfig } from './config.ts';

export const SECRET_KEY = `qf_sk_${'test'.repeat(10)}`;

/** The whole server in this process, on a database and a port of its own; for tests that also look inside. */
export async function startComposed(env: Record<string, string> = {}) {
  const db = await startDatabase();
  const log = createReadableLog();
  const config = readConfig({
    DATABASE_URL: db.url,
    TOKEN_SECRET: 't'.repeat(32),
    PASSWORD_PEPPER: 'p'.repeat(32),
    BOOTSTRAP_SECRET_KEY: SECRET_KEY,
    HOST_METRICS: 'off',
    DRAIN_WAIT: '0s',
    ...env,
  });
  const server = await compose(config, log);
  await new Promise<void>((resolve) => server.http.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.http.address() as AddressInfo).port}`;

  return {
    url,
    log,
    database: db.database,

    /** Asks with the secret key. A body that is neither text nor bytes is sent as JSON. */
    async send(method: string, path: string, body?: unknown, headers: Record<string, string> = {}) {
      const isJson = body !== undefined && typeof body !== 'string' && !(body instanceof Uint8Array);
      const response = await fetch(url + path, {
        method,
        headers: {
          authorization: `Bearer ${SECRET_KEY}`,
          ...(isJson ? { 'content-type': 'application/json' } : {}),
          ...headers,
        },
        ...(body === undefined ? {} : { body: isJson ? JSON.stringify(body) : (body as string) }),
      });
      const bytes = Buffer.from(await response.arrayBuffer());
      return { status: response.status, headers: response.headers, bytes, text: bytes.toString() };
    },

    async stop(): Promise<void> {
      await server.close();
      await db.stop();
    },
  };
}

export type Composed = Awaited<ReturnType<typeof startComposed>>;
