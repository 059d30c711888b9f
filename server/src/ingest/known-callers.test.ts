import { QuantumFluxError } from '@quantumflux/sdk/protocol';
import { expect, test, vi } from 'vitest';
import { createMemoryBus } from '../bus/bus.memory.ts';
import type { Caller, Credentials } from '../http/caller.ts';
import { silent } from '../log.ts';
import { rememberCallers } from './known-callers.ts';

const KEY = '00000000-0000-4000-8000-000000000001';

/** Callers, and who was asked for. */
async function remembering(expiresAt: number | null = null) {
  const bus = createMemoryBus(silent);
  const asked: Credentials[] = [];
  const revoked = new Set<string>();
  const { authenticate } = await rememberCallers(async (credentials): Promise<Caller> => {
    asked.push(credentials);
    const { bearer = '' } = credentials;
    const isRevoked = revoked.has(bearer);
    await new Promise((done) => setTimeout(done, 5));
    if (isRevoked) throw new QuantumFluxError('unauthenticated', 'It was revoked.');
    return { organization: 'one', subject: bearer, permissions: new Set(), publicOnly: false, expiresAt };
  }, bus);
  const revoke = async (bearer: string) => {
    revoked.add(bearer);
    await bus.publish('keys', { id: KEY });
    await new Promise((turn) => setImmediate(turn));
  };
  return { asked, revoke, ask: (bearer: string, origin?: string) => authenticate({ bearer, origin }) };
}

test('who has a key is asked for once', async () => {
  const { asked, ask } = await remembering();
  expect(await ask('ada')).toMatchObject({ subject: 'ada' });
  expect(await ask('ada')).toMatchObject({ subject: 'ada' });
  expect(await ask('grace')).toMatchObject({ subject: 'grace' });
  expect(asked.map(({ bearer }) => bearer)).toEqual(['ada', 'grace']);
});

test('after a second it is asked again', async () => {
  vi.useFakeTimers({ toFake: ['Date'] });
  try {
    const { asked, ask } = await remembering();
    await ask('ada');
    vi.setSystemTime(Date.now() + 999);
    await ask('ada');
    expect(asked).toHaveLength(1);
    vi.setSystemTime(Date.now() + 1);
    await ask('ada');
    expect(asked).toHaveLength(2);
    // A clock that is set back does not keep anybody for longer.
    vi.setSystemTime(Date.now() - 60_000);
    await ask('ada');
    expect(asked).toHaveLength(3);
  } finally {
    vi.useRealTimers();
  }
});

test('a key that is revoked is refused at once, also when it was asked for just before', async () => {
  const { ask, revoke } = await remembering();
  await ask('ada');
  await revoke('ada');
  await expect(ask('ada')).rejects.toThrow('revoked');

  const underWay = ask('grace');
  await revoke('grace');
  await underWay;
  await expect(ask('grace')).rejects.toThrow('revoked');
});

test('a refusal is not remembered', async () => {
  const { asked, ask, revoke } = await remembering();
  await revoke('ada');
  await expect(ask('ada')).rejects.toThrow('revoked');
  await expect(ask('ada')).rejects.toThrow('revoked');
  expect(asked).toHaveLength(2);
});

test('pages are asked each time, and so is what ends by itself', async () => {
  const page = await remembering();
  await page.ask('ada', 'https://a.example');
  await page.ask('ada', 'https://b.example');
  await page.ask('ada', 'https://a.example');
  expect(page.asked).toHaveLength(3);

  const token = await remembering(Date.now() + 60_000);
  await token.ask('ada');
  await token.ask('ada');
  expect(token.asked).toHaveLength(2);
});
