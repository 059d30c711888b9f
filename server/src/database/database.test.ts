import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, onTestFinished, test, vi } from 'vitest';
import { migrationsDir } from '../../../tests/migrations.ts';
import { createDatabase, startDatabase, type TestDatabase } from '../../../tests/postgres.ts';
import { isOutage } from '../http/outage.ts';
import { silent, type Log } from '../log.ts';
import { openDatabase, type Durability } from './database.ts';
import { startEmbeddedPostgres } from './embedded.postgres.ts';

let running: TestDatabase;
beforeAll(async () => void (running = await startDatabase()));
afterAll(() => running.stop());

const open = (url: string) => openDatabase({ url, migrationsDir, log: silent });

test('Prisma and plain SQL see the same rows through the same connections', async () => {
  const { prisma, pool } = running.database;
  const { id } = await prisma.organization.create({ data: { name: 'Acme' } });
  expect((await pool.query('SELECT name FROM organization WHERE id = $1', [id])).rows).toEqual([{ name: 'Acme' }]);
  await Promise.all(Array.from({ length: 40 }, () => prisma.organization.count()));
  expect(pool.totalCount).toBeGreaterThan(1);
  expect(pool.totalCount).toBeLessThanOrEqual(10);
});

test('what is confirmed is on disk', () => {
  expect(running.database.durability).toBe('local');
});

test('a connection that does not wait for the disk is no promise', async () => {
  const url = new URL(await createDatabase());
  url.searchParams.set('options', '-c synchronous_commit=off');
  expect(await durabilityOf(url.href)).toEqual(['none', 'synchronous_commit must be on']);
});

test('a server that does not wait for the disk is no promise', async () => {
  const dir = await mkdtemp(join(tmpdir(), 'quantumflux-durability-'));
  await chmod(dir, 0o755);
  const server = await startEmbeddedPostgres({ dir, log: silent });
  onTestFinished(async () => {
    await server.stop();
    await rm(dir, { recursive: true });
  });
  const client = new pg.Client({ connectionString: server.url });
  await client.connect();
  for (const setting of ['fsync', 'full_page_writes']) await client.query(`ALTER SYSTEM SET ${setting} = off`);
  await client.query('SELECT pg_reload_conf()');
  await client.end();
  await vi.waitFor(async () => {
    expect(await durabilityOf(server.url)).toEqual(['none', 'fsync, full_page_writes must be on']);
  });
});

async function durabilityOf(url: string): Promise<[Durability, string | undefined]> {
  const error = vi.fn<Log['error']>();
  const { durability, close } = await openDatabase({ url, migrationsDir, log: { ...silent, error } });
  await close();
  return [durability, error.mock.calls[0]?.[0].replace(/^.*: /, '')];
}

test('a statement that takes too long is given up', async () => {
  await expect(running.database.pool.query('SELECT pg_sleep(5)')).rejects.toThrow('statement timeout');
});

test('a connection that is lost is told of, and the next query has a new one', async () => {
  const warn = vi.fn();
  const { database, stop } = await startDatabase({ log: { ...silent, warn } });
  const { rows } = await database.pool.query<{ pid: number }>('SELECT pg_backend_pid() AS pid');
  await running.database.pool.query('SELECT pg_terminate_backend($1)', [rows[0]!.pid]);
  await vi.waitFor(() => expect(warn).toHaveBeenCalledOnce());
  // In one line, without the connection.
  expect(warn.mock.calls[0]).toEqual([expect.stringContaining('were lost'), expect.stringContaining('terminat')]);
  expect(await database.isUp()).toBe(true);
  await stop();
});

test('a connection that ends while it is in use fails the next query, and nothing else', async () => {
  const client = await running.database.pool.connect();
  const { rows } = await client.query<{ pid: number }>('SELECT pg_backend_pid() AS pid');
  const end = new Promise((resolve) => client.once('end', resolve));
  // Between two queries: nobody waits for anything that could fail.
  await running.database.longPool.query('SELECT pg_terminate_backend($1)', [rows[0]!.pid]);
  await end;
  const failure: unknown = await client.query('SELECT 1').catch((error: unknown) => error);
  expect(isOutage(failure)).toBe(true);
  client.release(true);
});

test('a closed database is not up', async () => {
  const { database, stop } = await startDatabase();
  expect(await database.isUp()).toBe(true);
  await stop();
  expect(await database.isUp()).toBe(false);
});

describe('a database that cannot be opened is named in one sentence, without the password', () => {
  const change = (parts: Partial<Pick<URL, 'port' | 'pathname' | 'username' | 'password'>>) =>
    Object.assign(new URL(running.url), parts).href;

  test('when nobody listens there', async () => {
    await expect(open('postgres://me:hunter2@127.0.0.1:1/x')).rejects.toThrow(
      /^The database at 127\.0\.0\.1:1 cannot be reached \(ECONNREFUSED\)\. Start it, or check DATABASE_URL\.$/,
    );
  });

  test('when the user is not let in', async () => {
    await expect(open(change({ password: 'hunter2' }))).rejects.toThrow(
      /^The database at \S+ does not let the user "quantumflux" in\. Check DATABASE_URL\.$/,
    );
  });

  test('when the server does not have it', async () => {
    await expect(open(change({ pathname: 'nowhere' }))).rejects.toThrow(
      /^The database at \S+ has no database "nowhere"\. Create it, or check DATABASE_URL\.$/,
    );
  });

  test('when it never answers', async () => {
    const silence = createServer(() => {});
    await new Promise<void>((done) => silence.listen(0, '127.0.0.1', done));
    onTestFinished(() => void silence.close());
    const { port } = silence.address() as AddressInfo;
    await expect(open(`postgres://me:hunter2@127.0.0.1:${port}/x`)).rejects.toThrow(
      'cannot be reached (timeout expired)',
    );
  });
});
