import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { createMemoryLimit } from '../http/limit.memory.ts';
import { startAuth, type TestAuth } from './auth.testing.ts';
import { createLogin, type Login } from './login.service.ts';

let auth: TestAuth;
let login: Login;
beforeAll(async () => void (auth = await startAuth()));
// New limits, so that the tests do not slow each other down.
beforeEach(() => void (login = createLogin({ ...auth, createLimit: createMemoryLimit })));
afterAll(() => auth.close());

const address = '203.0.113.7';
const outcome = (attempt: Parameters<Login>[0]) =>
  login(attempt).then(
    () => 'in',
    ({ code, message }: { code: string; message: string }) => `${code}: ${message}`,
  );

test('the right password gives a token that is good at once', async () => {
  const { accessToken, ...rest } = await login({ ...auth.owner, address });
  expect(rest).toEqual({
    expiresIn: 900,
    user: { id: expect.any(String), email: 'owner@localhost', role: 'owner' },
    organization: { id: auth.organization, name: 'QuantumFlux' },
  });
  expect(await auth.authenticate({ bearer: accessToken, origin: undefined })).toMatchObject({
    subject: `user:${rest.user.id}`,
  });
});

test('an e-mail address is the same in capitals', async () => {
  expect(await outcome({ ...auth.owner, email: 'Owner@LOCALHOST', address })).toBe('in');
});

test('a wrong password and a person who does not exist look the same, also when there were too many', async () => {
  const attempts = async (email: string) => {
    const results = [];
    for (let i = 0; i < 7; i++) results.push(await outcome({ email, password: 'wrong', address }));
    return results;
  };
  const known = await attempts(auth.owner.email);
  expect(known.map((result) => result.split(':')[0])).toEqual([
    ...Array<string>(5).fill('unauthenticated'),
    'rate_limited',
    'rate_limited',
  ]);
  expect(await attempts('nobody@example.com')).toEqual(known);
});

test('many guesses at the same time are many guesses', async () => {
  const all = Array.from({ length: 20 }, () => outcome({ ...auth.owner, password: 'wrong', address }));
  const results = await Promise.all(all);
  expect(results.filter((result) => result.startsWith('unauthenticated'))).toHaveLength(5);
});

test('a stranger who guesses does not keep the owner out', async () => {
  for (let i = 0; i < 10; i++) await outcome({ ...auth.owner, password: 'wrong', address: '198.51.100.1' });
  expect(await outcome({ ...auth.owner, address })).toBe('in');
});

test('who signs in may do so often', async () => {
  for (let i = 0; i < 10; i++) expect(await outcome({ ...auth.owner, address })).toBe('in');
});

test('one network may not try one account after the other', async () => {
  const results = [];
  for (let i = 0; i < 35; i++)
    results.push(await outcome({ email: `user${i}@example.com`, password: 'x', address: `2001:db8::${i}` }));
  expect(results.filter((result) => result.startsWith('rate_limited'))).toHaveLength(5);
});
