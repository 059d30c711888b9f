import { errorCodes, QuantumFluxError } from '@quantumflux/sdk/protocol';
import { expect, test } from 'vitest';
import { statusOf, toQuantumFluxError } from './errors.ts';
import { isOutage } from './outage.ts';

test('every code has a status of its own, and only three say that the fault is ours', () => {
  const statuses = errorCodes.map((code) => statusOf[code]);
  expect(new Set(statuses).size).toBe(errorCodes.length);
  expect(errorCodes.filter((code) => statusOf[code] >= 500)).toEqual(['unavailable', 'storage_full', 'internal']);
});

test('our own errors leave as they are', () => {
  const error = new QuantumFluxError('conflict', 'This name is taken.', { path: 'name' });
  expect(toQuantumFluxError(error)).toBe(error);
});

test.each([
  ['a text', 'boom'],
  ['nothing', undefined],
  ['an error of the language', new TypeError('x is not a function')],
  ['an error whose status is not one of the caller', Object.assign(new Error('no'), { status: 502 })],
  ['a row that is there already', Object.assign(new Error('duplicate key'), { code: '23505' })],
])('the reader learns nothing of %s', (_, cause) => {
  const { code, message } = toQuantumFluxError(cause);
  expect(code).toBe('internal');
  expect(message).not.toMatch(/boom|function|no\b.*status|duplicate/);
});

test.each([
  ['a refused connection', Object.assign(new Error('connect'), { code: 'ECONNREFUSED' })],
  ['several refused addresses', new AggregateError([Object.assign(new Error('connect'), { code: 'ECONNREFUSED' })])],
  ['a server that shuts down', Object.assign(new Error('terminating connection'), { code: '57P01' })],
  ['a statement that took too long', Object.assign(new Error('canceling statement'), { code: '57014' })],
  ['too many connections', Object.assign(new Error('sorry'), { code: '53300' })],
  ['a deadlock', Object.assign(new Error('deadlock detected'), { code: '40P01' })],
  ['a primary that became a replica', Object.assign(new Error('read-only transaction'), { code: '25006' })],
  ['a lost connection', new Error('Connection terminated unexpectedly')],
  ['a pool without a free connection', new Error('timeout exceeded when trying to connect')],
  ['what Prisma makes of it', Object.assign(new Error('server has closed the connection'), { code: 'P1017' })],
  [
    'what its adapter makes of it',
    { code: 'P2010', meta: { driverAdapterError: { cause: { originalCode: '57P01' } } } },
  ],
])('%s is an outage', (_, cause) => {
  expect(isOutage(cause)).toBe(true);
  expect(toQuantumFluxError(cause).code).toBe('unavailable');
});

test.each([
  ['PostgreSQL', Object.assign(new Error('could not extend file'), { code: '53100' })],
  ['Prisma', { code: 'P2010', meta: { driverAdapterError: { cause: { originalCode: '53100' } } } }],
])('a full disk is told as one, also by %s', (_, cause) => {
  expect(toQuantumFluxError(cause).code).toBe('storage_full');
  expect(isOutage(cause)).toBe(true);
});

test('an error that is its own cause is looked at and left', () => {
  const error: Error & { cause?: unknown } = new Error('round and round');
  error.cause = error;
  expect(isOutage(error)).toBe(false);
});
