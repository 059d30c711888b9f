import { Writable } from 'node:stream';
import { describe, expect, test } from 'vitest';
import { createLog, silent, type LogLevel } from './log.ts';

const jwt = `eyJhbGciOiJIUzI1NiJ9.${'x'.repeat(20)}.${'y-_'.repeat(10)}`;
const key = `qf_sk_${'Abc-_123'.repeat(4)}`;

/** A log, and the lines it wrote. */
function listen(level: LogLevel = 'info') {
  const lines: string[] = [];
  const out = new Writable({
    write(chunk: Buffer, _encoding, done) {
      lines.push(String(chunk));
      done();
    },
  });
  return { log: createLog(level, out), lines };
}

/** What stands in the log about these details. */
function logged(details: unknown): unknown {
  const { log, lines } = listen();
  log.warn('something', details);
  return (JSON.parse(lines[0]!) as { details: unknown }).details;
}

test('an entry is one line of JSON: time, level, message, details', () => {
  const { log, lines } = listen();
  log.info('the server\nlistens', { port: 5_000 });
  expect(lines).toHaveLength(1);
  expect(lines[0]).toMatch(
    /^\{"time":"\d{4}-\d\d-\d\dT[\d:.]+Z","level":"info","message":"the server\\nlistens","details":\{"port":5000\}\}\r?\n$/,
  );
});

test('an entry without details has none', () => {
  const { log, lines } = listen();
  log.error('gone');
  expect(Object.keys(JSON.parse(lines[0]!) as object)).toEqual(['time', 'level', 'message']);
});

test('what is less important than the level is left out', () => {
  const { log, lines } = listen('warn');
  log.info('a');
  log.warn('b');
  log.error('c');
  expect(lines.map((line) => (JSON.parse(line) as { message: string }).message)).toEqual(['b', 'c']);
});

test('the silent log says nothing', () => {
  expect([silent.error('a'), silent.warn('b'), silent.info('c')]).toEqual([undefined, undefined, undefined]);
});

describe('errors', () => {
  test('are spelled out with their cause', () => {
    const cause = Object.assign(new Error('connect failed'), { code: 'ECONNREFUSED' });
    expect(logged(new TypeError('no database', { cause }))).toMatchObject({
      name: 'TypeError',
      message: 'no database',
      stack: expect.stringContaining('log.test.ts') as string,
      cause: { message: 'connect failed', code: 'ECONNREFUSED', stack: expect.any(String) as string },
    });
  });

  test('are found inside of details', () => {
    expect(logged({ job: 'compact', error: new Error('full') })).toMatchObject({
      job: 'compact',
      error: { message: 'full' },
    });
  });

  test('of the database do not quote the row', () => {
    const error = Object.assign(new Error('duplicate key'), {
      code: '23505',
      detail: 'Key (email)=(ann@example.com) already exists.',
    });
    expect(logged(error)).toMatchObject({ code: '23505', message: 'duplicate key' });
    expect(JSON.stringify(logged(error))).not.toContain('ann@example.com');
  });

  test('lose their secrets, also in the stack', () => {
    const text = JSON.stringify(logged(new Error(`no way to postgres://quantum:hunter2@db/x with ${key}`)));
    expect(text).toContain('postgres://quantum:***@db/x');
    expect(text).not.toMatch(/hunter2|Abc-_123/);
  });
});

describe('a secret is masked', () => {
  test.each([
    ['a secret key', `denied ${key}.`, 'denied qf_sk_***.'],
    ['an ingest key', `denied qf_ik_${'a'.repeat(32)}`, 'denied qf_ik_***'],
    ['a token', `token ${jwt}, expired`, 'token ***, expired'],
    ['the password of a database', 'postgresql://me:p@ss:w/rd@db:5432/x?a=b', 'postgresql://me:***@db:5432/x?a=b'],
    ['the password of Redis', 'redis://:hunter2@localhost:6379', 'redis://:***@localhost:6379'],
    ['a header', 'authorization: Bearer abcdefgh.ijkl', 'authorization: Bearer ***'],
    ['a query', '/live?token=abc&a=b', '/live?token=***&a=b'],
  ])('%s in a message', (_, message, expected) => {
    const { log, lines } = listen();
    log.info(message);
    expect((JSON.parse(lines[0]!) as { message: string }).message).toBe(expected);
  });

  test.each([
    'password',
    'passwordHash',
    'token',
    'accessToken',
    'Authorization',
    'client_secret',
    'key',
    'apiKey',
    'api-key',
    'set-cookie',
    'TOKEN_SECRET',
  ])('in the field %s, at any depth', (name) => {
    expect(logged({ [name]: 'hunter2', deeper: [{ [name]: { value: 'hunter2' } }] })).toEqual({
      [name]: '***',
      deeper: [{ [name]: '***' }],
    });
  });

  test('among the values of fields, lists, maps and sets', () => {
    expect(logged([{ text: key }, [jwt], new Map([['a', key]]), new Set([jwt])])).toEqual([
      { text: 'qf_sk_***' },
      ['***'],
      { a: 'qf_sk_***' },
      ['***'],
    ]);
  });
});

test.each([
  'qf_pk_demo',
  'http://localhost:5000/sdk/quantumflux.js?key=qf_pk_demo',
  'monkey=1',
  'postgres://db:5432/x',
  'a:b@c',
])('what is no secret stays: %s', (text) => {
  expect(logged({ text, keyId: 'k1', tokens: 3, monkey: 'george' })).toEqual({
    text,
    keyId: 'k1',
    tokens: 3,
    monkey: 'george',
  });
});

test('what JSON cannot say does not break the log', () => {
  const round: Record<string, unknown> = {
    big: 2n ** 60n,
    bytes: new Uint8Array(12),
    when: new Date(0),
    bad: new Date(Number.NaN),
    run() {},
  };
  round['self'] = round;
  expect(logged(round)).toMatchObject({
    big: '1152921504606846976',
    bytes: '12 bytes',
    when: '1970-01-01T00:00:00.000Z',
    bad: null,
  });
});

test('a text without end is cut', () => {
  expect((logged('x'.repeat(1_000_000)) as string).length).toBeLessThan(9_000);
});
