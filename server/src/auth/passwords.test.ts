import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createPasswords } from './passwords.ts';

const pepper = 'p'.repeat(32);
// As little work as bcrypt allows, for tests that need many.
const quick = createPasswords({ pepper, cost: 4 });

test('what is stored says how it was made: by 2^12 rounds of bcrypt', async () => {
  const { hash, verify } = createPasswords({ pepper });
  const stored = await hash('correct horse');
  expect(stored).toMatch(/^v1\$\$2b\$12\$.{53}$/);
  expect([await verify('correct horse', stored), await verify('correct horsf', stored)]).toEqual([true, false]);
});

test.each([
  ['beyond the 72 bytes that bcrypt reads', `${'x'.repeat(72)}a`, `${'x'.repeat(72)}b`],
  ['after a zero, where bcrypt stops', 'one\0two', 'one\0three'],
  ['in the 19th emoji', '🙂'.repeat(19), `${'🙂'.repeat(18)}🙃`],
  ['in how é is put together', 'caf\u00e9', 'cafe\u0301'],
])('passwords that differ %s are different', async (_, one, other) => {
  const stored = await quick.hash(one);
  expect([await quick.verify(one, stored), await quick.verify(other, stored)]).toEqual([true, false]);
});

test('no two different passwords open the same account', async () => {
  const password = fc.string({ unit: 'binary', minLength: 1, maxLength: 200 });
  await fc.assert(
    fc.asyncProperty(password, password, async (one, other) => {
      fc.pre(one !== other);
      return !(await quick.verify(other, await quick.hash(one)));
    }),
    { numRuns: 50 },
  );
});

test('the same password twice gives two hashes', async () => {
  expect(await quick.hash('correct horse')).not.toBe(await quick.hash('correct horse'));
});

test('a stolen hash is worth nothing without the pepper', async () => {
  const elsewhere = createPasswords({ pepper: 'q'.repeat(32), cost: 4 });
  expect(await elsewhere.verify('correct horse', await quick.hash('correct horse'))).toBe(false);
});

test('for someone who does not exist the same work is done, and the answer is no', async () => {
  const { verify } = createPasswords({ pepper, cost: 10 });
  const timeOf = async (stored: string | undefined) => {
    const start = performance.now();
    expect(await verify('correct horse', stored)).toBe(false);
    return performance.now() - start;
  };
  const known = await createPasswords({ pepper, cost: 10 }).hash('something else');
  // Cost 10 is about 60 ms, a shortcut would be far below one; how long it takes exactly is not for a test to say.
  expect(await timeOf(undefined)).toBeGreaterThan((await timeOf(known)) / 10);
});

test('thirty-four may sign in at once, not more', async () => {
  const attempts = await Promise.allSettled(Array.from({ length: 40 }, () => quick.verify('x', undefined)));
  expect(attempts.filter(({ status }) => status === 'rejected')).toHaveLength(6);
});

test('a hash of a version to come is not mistaken for a wrong password', async () => {
  await expect(quick.verify('x', 'v2$…')).rejects.toThrow('version');
});
