import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { redisAddress } from './bus/redis-address.ts';
import { readConfig } from './config.ts';

const secrets = { TOKEN_SECRET: 't'.repeat(32), PASSWORD_PEPPER: 'p'.repeat(32) };
const DATABASE_URL = 'postgres://quantum:pa55word@db.example:5432/quantumflux';

test('nothing needs to be configured', () => {
  expect(readConfig({})).toEqual({
    PORT: 5_000,
    HOST: '127.0.0.1',
    DATA_DIR: '.quantumflux',
    HOST_METRICS: true,
    DRAIN_WAIT: 0,
    LOG_LEVEL: 'info',
    NODE_ENV: 'development',
    REDIS_SOURCE_GROUP: 'quantumflux',
    MQTT_CLIENT_ID: 'quantumflux',
    isEmbedded: true,
  });
});

test('an empty variable is one that is not set', () => {
  expect(readConfig({ DATABASE_URL: '', REDIS_URL: ' ', PORT: '' })).toEqual(readConfig({}));
});

test('what is for tests is read in tests only', () => {
  const env = { SABOTAGE: 'no-dedup', COMPACTION: 'eager', LOSE_HINTS: '0.3' };
  expect(readConfig(env)).toEqual(readConfig({}));
  expect(readConfig({ ...env, NODE_ENV: 'production' })).toEqual(readConfig({ NODE_ENV: 'production' }));
  expect(readConfig({ ...env, NODE_ENV: 'test' })).toMatchObject({ ...env, LOSE_HINTS: 0.3 });
});

test('everything can be said', () => {
  const BOOTSTRAP_SECRET_KEY = `qf_sk_${'a-Z_'.repeat(8)}`;
  const REDIS_URL = 'rediss://:pass@redis.example:6380/1';
  const env = {
    PORT: '0',
    HOST: '::',
    DATABASE_URL,
    REDIS_URL,
    BOOTSTRAP_SECRET_KEY,
    HOST_METRICS: 'On',
    RETENTION: '30d',
    DRAIN_WAIT: '500ms',
    LOG_LEVEL: 'warn',
    ...secrets,
  };
  const RETENTION = 30 * 86_400_000;
  expect(readConfig(env)).toMatchObject({
    ...env,
    PORT: 0,
    HOST_METRICS: true,
    REDIS_URL: redisAddress(REDIS_URL),
    RETENTION,
    DRAIN_WAIT: 500,
    isEmbedded: false,
  });
});

test('Redis has many forms, and who may prove to be it is said once for all', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'quantumflux-config-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  const file = join(folder, 'ca.pem');
  await writeFile(file, '-----BEGIN CERTIFICATE-----\n');
  const urls = {
    REDIS_URL: 'redis+sentinel://a,b/main',
    REDIS_SOURCE_URL: 'rediss://c',
    REDIS_SOURCE_STREAMS: 'plant',
  };
  const { REDIS_URL, REDIS_SOURCE_URL } = readConfig({ ...urls, REDIS_CA_FILE: file });
  expect(REDIS_URL).toMatchObject({ form: { is: 'sentinel', master: 'main' }, tls: undefined });
  expect(REDIS_SOURCE_URL).toMatchObject({ form: { is: 'single' }, tls: { ca: '-----BEGIN CERTIFICATE-----\n' } });

  const wrong = (env: Record<string, string>) => expect(() => readConfig(env));
  wrong({ REDIS_URL: 'redis://a,b' }).toThrow('REDIS_URL names several servers: say redis+sentinel://');
  wrong({ REDIS_URL: 'redis://a', REDIS_CA_FILE: file }).toThrow('REDIS_CA_FILE does nothing without an address that');
  wrong({ REDIS_URL: 'rediss://a', REDIS_CA_FILE: join(folder, 'none') }).toThrow(
    'REDIS_CA_FILE must be a file that can',
  );
  wrong({ REDIS_URL: 'rediss://a', REDIS_CA_FILE: folder }).toThrow('REDIS_CA_FILE must be a file that can be read');
  await writeFile(file, 'something else');
  wrong({ REDIS_URL: 'rediss://a', REDIS_CA_FILE: file }).toThrow(
    'REDIS_CA_FILE must be a file with certificates as PEM',
  );
  const cluster = { REDIS_URL: 'redis+cluster://a,b' };
  expect(readConfig(cluster).REDIS_URL).toMatchObject({ form: { is: 'cluster' } });
  wrong({ ...cluster, REDIS_SOURCE_STREAMS: 'plant' }).toThrow('REDIS_SOURCE_URL must be one Redis, or sentinels');
});

test('balancers have 5 s where there can be any, at most 20', () => {
  expect(readConfig({ DATABASE_URL, ...secrets }).DRAIN_WAIT).toBe(5_000);
  expect(readConfig({ DATABASE_URL, ...secrets, DRAIN_WAIT: '0s' }).DRAIN_WAIT).toBe(0);
  expect(() => readConfig({ DRAIN_WAIT: '21s' })).toThrow('DRAIN_WAIT must be 20s at most');
  expect(() => readConfig({ DRAIN_WAIT: '5' })).toThrow('DRAIN_WAIT must be a length of time');
});

test('sources of points are lists, and whole', () => {
  const lists = { REDIS_SOURCE_CHANNELS: 'plant.*, lab', REDIS_SOURCE_STREAMS: 'plant', MQTT_TOPICS: 'plant/#,+/a' };
  const urls = { REDIS_URL: 'redis://a', MQTT_URL: 'mqtts://user:pass@broker:8883' };
  expect(readConfig({ ...lists, ...urls })).toMatchObject({
    REDIS_SOURCE_CHANNELS: ['plant.*', 'lab'],
    REDIS_SOURCE_STREAMS: ['plant'],
    MQTT_TOPICS: ['plant/#', '+/a'],
  });
  expect(() => readConfig(lists)).toThrow(/REDIS_SOURCE_URL is needed with[^]*MQTT_URL is needed with MQTT_TOPICS/);
  expect(() => readConfig({ REDIS_SOURCE_URL: 'redis://a' })).toThrow('REDIS_SOURCE_URL does nothing without');
  expect(() => readConfig({ MQTT_URL: 'mqtt://a' })).toThrow('MQTT_TOPICS is needed with MQTT_URL');
});

test.each(['plant/#/a', 'a+', '#a', ','])('MQTT_TOPICS=%s is refused', (MQTT_TOPICS) => {
  expect(() => readConfig({ MQTT_URL: 'mqtt://a', MQTT_TOPICS })).toThrow('MQTT_TOPICS must be filters');
});

test('replicas are separated by commas, and belong to a database that is not embedded', () => {
  const one = 'postgres://a:b@one:5432/x';
  const two = 'postgresql://a:b@two/x';
  const list = (DATABASE_REPLICA_URLS: string) =>
    readConfig({ DATABASE_URL, DATABASE_REPLICA_URLS, ...secrets }).DATABASE_REPLICA_URLS;
  expect(list(` ${one}, ${two} `)).toEqual([one, two]);
  expect(list(one)).toEqual([one]);
  expect(list('')).toBeUndefined();
  expect(() => list(`${one},http://hunter2`)).toThrow(/DATABASE_REPLICA_URLS\.1 must look like postgres:(?!.*hunter2)/);
  expect(() => readConfig({ DATABASE_REPLICA_URLS: one })).toThrow(
    'DATABASE_REPLICA_URLS needs DATABASE_URL: the embedded database has no replicas.',
  );
});

test('the machine is not recorded beside a database that may be shared', () => {
  expect(readConfig({ DATABASE_URL, ...secrets }).HOST_METRICS).toBe(false);
});

test.each([
  ['on', true],
  ['true', true],
  ['1', true],
  ['OFF', false],
  ['false', false],
  ['0', false],
])('HOST_METRICS=%s is %s', (word, expected) => {
  expect(readConfig({ HOST_METRICS: word }).HOST_METRICS).toBe(expected);
});

test('every mistake is named at once', () => {
  const env = {
    PORT: '70000',
    DATABASE_URL: 'mysql://localhost/x',
    REDIS_URL: 'localhost:6379',
    BOOTSTRAP_SECRET_KEY: 'qf_pk_demo',
    HOST_METRICS: 'maybe',
    RETENTION: '5s',
    LOG_LEVEL: 'loud',
    TOKEN_SECRET: 'short',
  };
  expect(() => readConfig(env)).toThrow(
    `The environment is not right:
  PORT must be a whole number from 0 to 65535.
  DATABASE_URL must look like postgres://user:password@host:5432/name.
  REDIS_URL must look like redis://host:6379, redis+sentinel://host:26379,host:26379/master or redis+cluster://host:6379,host:6379; with TLS, rediss.
  BOOTSTRAP_SECRET_KEY must be qf_sk_ and at least 32 letters, digits, - or _.
  HOST_METRICS must be on or off.
  RETENTION must be a length of time, at least a minute: 12h, 30d.
  LOG_LEVEL must be error, warn or info.
  TOKEN_SECRET must have at least 32 characters; make one with: openssl rand -base64 48.
  PASSWORD_PEPPER is needed with DATABASE_URL, the same for every server; make one with: openssl rand -base64 48.`,
  );
});

describe('PORT', () => {
  test.each(['http', '-1', '1.5', '0x50', '65536', '1e3'])('%s is refused', (PORT) => {
    expect(() => readConfig({ PORT })).toThrow('PORT must be a whole number');
  });
});

test.each([
  { BOOTSTRAP_SECRET_KEY: 'qf_sk_hunter2' },
  { DATABASE_URL: 'http://user:hunter2@db' },
  { TOKEN_SECRET: 'hunter2' },
])('a mistake does not repeat what may be a secret: %j', (env) => {
  expect(() => readConfig(env)).toThrow(/^(?!.*hunter2)/s);
});
