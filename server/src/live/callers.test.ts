import { setImmediate as turn } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { createMemoryBus } from '../bus/bus.memory.ts';
import type { Authenticate, Caller } from '../http/caller.ts';
import { silent } from '../log.ts';
import { shareCallers } from './callers.ts';

/** An answer to who somebody is, that takes its time; `revoked` keys are nobody's. */
function register() {
  const revoked = new Set<string>();
  const asked: string[] = [];
  const authenticate: Authenticate = async ({ bearer, origin }) => {
    asked.push(`${bearer} ${origin}`);
    const isGone = revoked.has(bearer!);
    await turn();
    if (isGone) throw new Error('revoked');
    return { organization: 'ours', subject: `key:${bearer}` } as Caller;
  };
  return { revoked, asked, authenticate };
}

test('ten thousand who show the same key on the same page are asked for once', async () => {
  const { asked, authenticate } = register();
  const callers = await shareCallers(authenticate, createMemoryBus(silent));
  const show = (bearer: string, origin: string) => callers.authenticate({ bearer, origin });
  await Promise.all(Array.from({ length: 10_000 }, () => show('a', 'https://one.example')));
  await show('a', 'https://one.example');
  expect(asked).toEqual(['a https://one.example']);
  await show('a', 'https://two.example');
  await show('b', 'https://one.example');
  expect(asked).toHaveLength(3);
});

test('[A6] who shows a key that was revoked is asked for again, also when the answer of before was under way', async () => {
  const { revoked, authenticate } = register();
  const bus = createMemoryBus(silent);
  const callers = await shareCallers(authenticate, bus);
  const show = () => callers.authenticate({ bearer: 'a', origin: undefined });
  await show();
  revoked.add('a');
  await bus.publish('keys', { id: 'a' });
  await expect(show()).rejects.toThrow('revoked');
  revoked.delete('a');
  const before = show();
  revoked.add('a');
  await bus.publish('keys', { id: 'a' });
  await expect(show()).rejects.toThrow('revoked');
  expect(await before).toMatchObject({ subject: 'key:a' });
});
