import { afterAll, beforeAll, describe } from 'vitest';
import { hasPostgres, startPostgres, type InstalledPostgres } from '../../../tests/installed-postgres.ts';
import { storageContract } from './storage.contract.ts';

describe.skipIf(!hasPostgres())('with an installed server', () => {
  let server: InstalledPostgres;
  beforeAll(async () => void (server = await startPostgres()));
  afterAll(() => server.stop());

  storageContract('an installed PostgreSQL', () => server.startDatabase());
});
