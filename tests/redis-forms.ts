import { execFileSync } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { vi } from 'vitest';
import { findFreePort } from '../server/src/database/embedded/ports.ts';
import { startProgram, startRedis, type TestRedis } from './redis.ts';

const wait = { timeout: 20_000, interval: 50 };

export type SentinelRedis = {
  /** As REDIS_URL. */
  url: string;
  /** Ends the master as if its machine had gone. Resolves once another one is the master. */
  killMaster(): Promise<void>;
  stop(): Promise<void>;
};

/** A master, its replica, and three sentinels that make the one the other when it dies. */
export async function startSentinels(): Promise<SentinelRedis> {
  const master = await startRedis();
  const replica = await startRedis({ more: ['--replicaof', '127.0.0.1', String(master.port)] });
  const folder = await mkdtemp(join(tmpdir(), 'quantumflux-sentinel-'));
  const sentinels: ({ port: number } & Awaited<ReturnType<typeof startProgram>>)[] = [];
  for (const name of ['a', 'b', 'c']) {
    const port = await findFreePort();
    const file = join(folder, `${name}.conf`);
    const lines = [
      `port ${port}`,
      'bind 127.0.0.1',
      `dir ${folder}`,
      `sentinel monitor main 127.0.0.1 ${master.port} 2`,
      'sentinel down-after-milliseconds main 500',
      'sentinel failover-timeout main 2000',
    ];
    await writeFile(file, `${lines.join('\n')}\n`);
    sentinels.push({ port, ...(await startProgram(['redis-server', file, '--sentinel'], 'Sentinel ID is')) });
  }
  const asked = new Redis({ port: sentinels[0]!.port });
  const count = async (what: 'replicas' | 'sentinels') =>
    ((await asked.call('SENTINEL', what, 'main')) as unknown[]).length;
  await vi.waitFor(async () => {
    if ((await count('replicas')) < 1 || (await count('sentinels')) < 2) throw new Error('they do not know each other');
  }, wait);
  return {
    url: `redis+sentinel://${sentinels.map(({ port }) => `127.0.0.1:${port}`).join(',')}/main`,
    async killMaster() {
      await master.kill();
      await vi.waitFor(async () => {
        const [, port] = (await asked.call('SENTINEL', 'get-master-addr-by-name', 'main')) as [string, string];
        if (Number(port) !== replica.port) throw new Error('the replica is not the master');
      }, wait);
    },
    async stop() {
      asked.disconnect();
      await Promise.all(sentinels.map(({ end }) => end('SIGTERM')));
      await Promise.all([master.stop(), replica.stop()]);
      await rm(folder, { recursive: true, force: true });
    },
  };
}

export type ClusterRedis = { url: string; nodes: TestRedis[]; stop(): Promise<void> };

/** A cluster of three masters. What one of them has is gone with it; the others answer for what they have. */
export async function startCluster(): Promise<ClusterRedis> {
  const nodes: (TestRedis & { busPort: number })[] = [];
  for (const name of ['a', 'b', 'c']) {
    const busPort = await findFreePort();
    const settings = {
      'cluster-enabled': 'yes',
      'cluster-config-file': `${name}.conf`,
      'cluster-port': String(busPort),
      'cluster-node-timeout': '1000',
      'cluster-require-full-coverage': 'no',
    };
    const more = Object.entries(settings).flatMap(([key, value]) => [`--${key}`, value]);
    nodes.push({ busPort, ...(await startRedis({ more })) });
  }
  const clients = nodes.map(({ url }) => new Redis(url));
  const slots = [0, 5_461, 10_923, 16_384];
  await Promise.all(
    clients.map(async (client, i) => {
      await client.call('CLUSTER', 'ADDSLOTSRANGE', String(slots[i]), String(slots[i + 1]! - 1));
      await client.call('CLUSTER', 'SET-CONFIG-EPOCH', String(i + 1));
    }),
  );
  for (const { port, busPort } of nodes.slice(1))
    await clients[0]!.call('CLUSTER', 'MEET', '127.0.0.1', String(port), String(busPort));
  await vi.waitFor(async () => {
    const infos = await Promise.all(clients.map((client) => client.cluster('INFO')));
    if (!infos.every((info) => info.includes('cluster_state:ok') && info.includes('cluster_known_nodes:3')))
      throw new Error('not a cluster yet');
  }, wait);
  for (const client of clients) client.disconnect();
  return {
    url: `redis+cluster://${nodes.map(({ port }) => `127.0.0.1:${port}`).join(',')}`,
    nodes,
    async stop() {
      await Promise.all(nodes.map((node) => node.stop()));
    },
  };
}

export type TlsRedis = TestRedis & { caFile: string; ca: string };

/** A Redis that is spoken to with TLS only, and proves who it is with a certificate by an authority of the test's own. */
export async function startTlsRedis(): Promise<TlsRedis> {
  const folder = await mkdtemp(join(tmpdir(), 'quantumflux-tls-'));
  const at = (name: string) => join(folder, name);
  const openssl = (...args: string[]) => execFileSync('openssl', args, { stdio: ['ignore', 'ignore', 'pipe'] });
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
  openssl('req', '-x509', ...key, '-keyout', at('ca.key'), '-out', at('ca.pem'), '-days', '2', '-subj', '/CN=test');
  openssl('req', ...key, '-keyout', at('redis.key'), '-out', at('redis.csr'), '-subj', '/CN=redis');
  await writeFile(at('names'), 'subjectAltName=IP:127.0.0.1\n');
  const signed = [
    '-CA',
    at('ca.pem'),
    '-CAkey',
    at('ca.key'),
    '-CAcreateserial',
    '-days',
    '2',
    '-extfile',
    at('names'),
  ];
  openssl('x509', '-req', '-in', at('redis.csr'), '-out', at('redis.pem'), ...signed);
  const port = await findFreePort();
  const files = [
    '--tls-cert-file',
    at('redis.pem'),
    '--tls-key-file',
    at('redis.key'),
    '--tls-ca-cert-file',
    at('ca.pem'),
  ];
  const more = ['--port', '0', '--tls-port', String(port), '--tls-auth-clients', 'no', ...files];
  const redis = await startRedis({ port, more });
  return {
    ...redis,
    url: `rediss://127.0.0.1:${port}`,
    caFile: at('ca.pem'),
    ca: await readFile(at('ca.pem'), 'utf8'),
    async stop() {
      await redis.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}
