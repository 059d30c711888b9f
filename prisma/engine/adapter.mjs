import { randomUUID } from 'node:crypto';
import { PrismaPg } from '@prisma/adapter-pg';
import { admitCatalogChar, reportCatalogChar } from './catalog-char.mjs';
import { connectionOptions, identifier, runOnce } from './connect.mjs';

admitCatalogChar();

/** Connects the engine to databases: the stock adapter, with the repairs that migrations need. */
export function createAdapterFactory(url, shadowDatabaseUrl) {
  const schema = new URL(url).searchParams.get('schema') ?? 'public';

  async function open(options, release = () => {}) {
    const adapter = await new PrismaPg({ ...options, max: 1 }, { schema }).connect();
    reportCatalogChar(adapter);
    // The stock one splits at every semicolon, also within functions and quotes, and is not atomic.
    adapter.executeScript = async (script) => {
      try {
        await adapter.underlyingDriver().query(script);
      } catch (error) {
        adapter.onError(error);
      }
    };
    const dispose = adapter.dispose.bind(adapter);
    adapter.dispose = async () => {
      await dispose();
      await release();
    };
    return adapter;
  }

  return {
    provider: 'postgres',
    adapterName: '@prisma/adapter-pg',
    connect: () => open(connectionOptions(url)),
    async connectToShadowDb() {
      if (shadowDatabaseUrl) return open(connectionOptions(shadowDatabaseUrl));
      const name = `prisma_migrate_shadow_db_${randomUUID()}`;
      const main = connectionOptions(url);
      await runOnce(main, `CREATE DATABASE ${identifier(name)}`);
      // The stock one drops it while its own connection is still open, which always fails.
      return open(connectionOptions(url, name), () => runOnce(main, `DROP DATABASE IF EXISTS ${identifier(name)}`));
    },
  };
}
