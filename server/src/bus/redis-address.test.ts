import { expect, test } from 'vitest';
import { readRedisAddress } from './redis-address.ts';

const single = { form: { is: 'single' }, db: 0, tls: undefined };

test('one server', () => {
  expect(readRedisAddress('redis://localhost')).toMatchObject({
    ...single,
    nodes: [{ host: 'localhost', port: 6_379 }],
  });
  expect(readRedisAddress('redis://:p%40ss@[::1]:6380/3')).toMatchObject({
    ...single,
    nodes: [{ host: '::1', port: 6_380 }],
    username: undefined,
    password: 'p@ss',
    db: 3,
  });
  expect(readRedisAddress('rediss://ada:secret@redis.example')).toMatchObject({
    username: 'ada',
    password: 'secret',
    tls: {},
  });
});

test('sentinels', () => {
  expect(readRedisAddress('redis+sentinel://ada:secret@a,b:26380/main/2?sentinelPassword=x%26y')).toEqual({
    form: { is: 'sentinel', master: 'main' },
    nodes: [
      { host: 'a', port: 26_379 },
      { host: 'b', port: 26_380 },
    ],
    username: 'ada',
    password: 'secret',
    sentinelPassword: 'x&y',
    db: 2,
    tls: undefined,
  });
});

test('a cluster', () => {
  expect(readRedisAddress('rediss+cluster://a:7000,b:7001')).toMatchObject({
    form: { is: 'cluster' },
    nodes: [
      { host: 'a', port: 7_000 },
      { host: 'b', port: 7_001 },
    ],
    tls: {},
  });
});

test.each([
  ['http://a', 'must look like redis://'],
  ['redis://', 'must look like redis://'],
  ['redis+ring://a', 'must look like redis://'],
  ['redis://a:x', 'must name each server as host:port'],
  ['redis://a:70000', 'must name each server as host:port'],
  ['redis+cluster://a,,b', 'must name each server as host:port'],
  ['redis://a,b', 'say redis+sentinel:// or redis+cluster://'],
  ['redis+sentinel://a', 'must name the master'],
  ['redis+cluster://a/1', 'a cluster has none'],
  ['redis://a/one', 'must end with the number of the database'],
  ['redis://a/1/2', 'must end with the number of the database'],
  ['redis://a?family=6', 'has options that are not known: family'],
  ['redis://:100%@a', 'is not percent-encoded'],
])('%s is wrong', (text, wrong) => {
  expect(readRedisAddress(text)).toEqual({ wrong: expect.stringContaining(wrong) as string });
});
