import { QuantumFluxError } from '@quantumflux/sdk/protocol';
import { expect, test } from 'vitest';
import { mayPass } from './keep-trying.ts';

test.each<[string, unknown, boolean]>([
  ['a database that is away', Object.assign(new Error('no'), { code: 'ECONNREFUSED' }), true],
  ['a full disk', Object.assign(new Error('full'), { code: '53100' }), true],
  ['a right that we do not have', Object.assign(new Error('denied'), { code: '42501' }), true],
  ['a write with the same key under way', new QuantumFluxError('conflict', 'Busy.', { cause: { retryMs: 1 } }), true],
  ['another unit', new QuantumFluxError('conflict', 'Another unit.'), false],
  ['a bad point', new QuantumFluxError('invalid_input', 'Bad.'), false],
  ['a value that the database refuses', Object.assign(new Error('bad'), { code: '22003' }), false],
  ['a mistake of ours', new TypeError('undefined'), false],
])('%s', (_, cause, passes) => {
  expect(mayPass(cause)).toBe(passes);
});
