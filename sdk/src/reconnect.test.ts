import { describe, expect, test } from 'vitest';
import { QuantumFluxError, type ErrorCode } from './protocol/index.ts';
import { nextTry, noTries, type End } from './reconnect.ts';

const options = { isRenewable: true, reconnect: { minMs: 500, maxMs: 20_000 } };
const error = (code: ErrorCode) => new QuantumFluxError(code, 'No.');
const refused = (code: ErrorCode): End => ({ is: 'refused', error: error(code) });
const hurried = { attempt: 1, hurried: true };

test('a lost connection is made again after a while, longer from attempt to attempt', () => {
  const lost: End = { is: 'lost', error: error('unavailable') };
  for (const attempt of [0, 3]) {
    const next = nextTry(lost, { attempt, hurried: false }, options);
    expect(next).toMatchObject({ is: 'retry', reason: 'lost', error: lost.error });
    expect(next.is === 'retry' && next.delayMs).toBeGreaterThanOrEqual(500);
    expect(next.is === 'retry' && next.delayMs).toBeLessThanOrEqual(1_000 * 2 ** attempt);
  }
});

describe('[A3] a server that refuses', () => {
  test.each<ErrorCode>(['unavailable', 'rate_limited', 'internal'])('%s: is asked again later', (code) => {
    expect(nextTry(refused(code), noTries, options)).toMatchObject({ is: 'retry', hurried: false });
  });

  test.each<ErrorCode>(['forbidden', 'invalid_input', 'not_found'])('%s: is not asked again', (code) => {
    expect(nextTry(refused(code), noTries, options)).toMatchObject({ is: 'stop', error: { code } });
  });

  test('unauthenticated: a fresh token is worth one attempt at once, and no second', () => {
    expect(nextTry(refused('unauthenticated'), noTries, options)).toMatchObject({
      is: 'retry',
      delayMs: 0,
      hurried: true,
    });
    expect(nextTry(refused('unauthenticated'), hurried, options)).toMatchObject({ is: 'stop' });
  });

  test('unauthenticated: a key is not tried twice', () => {
    expect(nextTry(refused('unauthenticated'), noTries, { ...options, isRenewable: false })).toMatchObject({
      is: 'stop',
    });
  });
});

describe('[G1] a server that says goodbye', () => {
  const goodbye = (reason: 'expired' | 'revoked' | 'shutdown', retryMs = 0): End => ({
    is: 'goodbye',
    reason,
    retryMs,
  });

  test('expired: is connected to at once, but not in a circle', () => {
    expect(nextTry(goodbye('expired'), noTries, options)).toMatchObject({ is: 'retry', delayMs: 0, hurried: true });
    const again = nextTry(goodbye('expired'), hurried, options);
    expect(again.is === 'retry' && again.delayMs).toBeGreaterThanOrEqual(500);
  });

  test('shutdown: is connected to not before it said', () => {
    expect(nextTry(goodbye('shutdown', 5_000), noTries, options)).toMatchObject({ is: 'retry', delayMs: 5_000 });
  });

  test('revoked: is not asked again', () => {
    expect(nextTry(goodbye('revoked'), noTries, options)).toMatchObject({ is: 'stop', error: { code: 'forbidden' } });
  });
});
