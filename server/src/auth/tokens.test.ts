import { generateKeyPairSync, createHmac } from 'node:crypto';
import jwt from 'jsonwebtoken';
import { expect, test } from 'vitest';
import { createTokens } from './tokens.ts';

const secret = 's'.repeat(32);
const now = Date.UTC(2026, 10, 22);
const seconds = now / 1_000;
const tokens = createTokens({ secret, now: () => now });

const user = '00000000-0000-4000-8000-000000000001';
const organization = '00000000-0000-4000-8000-000000000002';
const ours = {
  iss: 'quantumflux',
  aud: 'api',
  sub: user,
  org: organization,
  role: 'viewer',
  iat: seconds,
  exp: seconds + 900,
};

/** A token with any header and any payload, signed with our secret. */
function forge(header: object, payload: unknown, key = secret): string {
  const encode = (part: unknown) => Buffer.from(JSON.stringify(part)).toString('base64url');
  const body = `${encode(header)}.${encode(payload)}`;
  return `${body}.${createHmac('sha256', key).update(body).digest('base64url')}`;
}

const header = { alg: 'HS256', typ: 'at+jwt' };
const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 2_048 });
const pem = publicKey.export({ type: 'spki', format: 'pem' }).toString();
const without = (name: keyof typeof ours) => Object.fromEntries(Object.entries(ours).filter(([key]) => key !== name));

test('says what was put into it', () => {
  const token = tokens.issue({ user, organization, role: 'editor' });
  expect(tokens.read(token)).toEqual({ user, organization, role: 'editor', expiresAt: now + 900_000 });
  expect(tokens.read(forge(header, ours)).role).toBe('viewer');
});

test('is good for fifteen minutes and a moment', () => {
  const token = tokens.issue({ user, organization, role: 'editor' });
  const readAt = (at: number) => () => createTokens({ secret, now: () => at }).read(token);
  expect(readAt(now + 904_000)).not.toThrow();
  expect(readAt(now + 906_000)).toThrow('expired');
  expect(readAt(now - 6_000)).toThrow('neither');
});

test('a short secret is refused at start', () => {
  expect(() => createTokens({ secret: 'short' })).toThrow('32 bytes');
});

test.each([
  [
    'unsigned',
    `${forge({ ...header, alg: 'none' }, ours)
      .split('.')
      .slice(0, 2)
      .join('.')}.`,
  ],
  ['with the algorithm none and a signature', forge({ ...header, alg: 'none' }, ours)],
  ['with the algorithm None', forge({ ...header, alg: 'None' }, ours)],
  ['signed by RSA', jwt.sign(ours, privateKey, { algorithm: 'RS256', header: { alg: 'RS256', typ: 'at+jwt' } })],
  ['said to be RSA, signed with its public key', forge({ ...header, alg: 'RS256' }, ours, pem)],
  ['signed with a public key', forge(header, ours, pem)],
  ['signed by HS512', jwt.sign(ours, secret, { algorithm: 'HS512', header: { alg: 'HS512', typ: 'at+jwt' } })],
  ['signed with another secret', forge(header, ours, 't'.repeat(32))],
  ['signed with nothing', forge(header, ours, '')],
  [
    'changed after it was signed',
    forge(header, ours).replace(
      /\.[^.]+\./,
      `.${Buffer.from(JSON.stringify({ ...ours, role: 'owner' })).toString('base64url')}.`,
    ),
  ],
  ['of another type', forge({ ...header, typ: 'JWT' }, ours)],
  ['without a type', forge({ alg: 'HS256' }, ours)],
  ['with a critical extension', forge({ ...header, crit: ['exp'] }, ours)],
  ['that brings its own key', forge({ ...header, jwk: { kty: 'oct', k: 'c2VjcmV0' } }, ours)],
  ['that says where its key is', forge({ ...header, jku: 'https://example.com/keys' }, ours)],
  ['with the id of a key', forge({ ...header, kid: '../../dev/null' }, ours)],
  ['with an unencoded payload', forge({ ...header, b64: false }, ours)],
  ['of another issuer', forge(header, { ...ours, iss: 'other' })],
  ['for another audience', forge(header, { ...ours, aud: 'embed' })],
  ['for several audiences', forge(header, { ...ours, aud: ['api', 'embed'] })],
  ['without an audience', forge(header, without('aud'))],
  ['without an issuer', forge(header, without('iss'))],
  ['without an end', forge(header, without('exp'))],
  ['without a beginning', forge(header, without('iat'))],
  ['without a user', forge(header, without('sub'))],
  ['without an organization', forge(header, without('org'))],
  ['without a role', forge(header, without('role'))],
  ['with a role that does not exist', forge(header, { ...ours, role: 'root' })],
  ['that is good for too long', forge(header, { ...ours, exp: seconds + 901 })],
  ['that is good forever', forge(header, { ...ours, exp: 9e15 })],
  ['whose end is a text', forge(header, { ...ours, exp: String(seconds + 900) })],
  ['whose end is null', forge(header, { ...ours, exp: null })],
  ['that ended long ago', forge(header, { ...ours, iat: seconds - 2_000, exp: seconds - 1_100 })],
  ['that ends before it begins', forge(header, { ...ours, iat: seconds + 4, exp: seconds + 3 })],
  ['of the future', forge(header, { ...ours, iat: seconds + 600, exp: seconds + 1_500 })],
  ['that is not good yet', forge(header, { ...ours, nbf: seconds + 600 })],
  ['with a claim nobody knows', forge(header, { ...ours, admin: true })],
  ['with a prototype', forge(header, JSON.parse(`{"__proto__":{"role":"owner"},${JSON.stringify(ours).slice(1)}`))],
  ['whose payload is a list', forge(header, [ours])],
  ['whose payload is a text', forge(header, 'ours')],
  ['whose payload is null', forge(header, null)],
  ['whose user is no id', forge(header, { ...ours, sub: "' OR 1=1 --" })],
  ['of two parts', forge(header, ours).split('.').slice(0, 2).join('.')],
  ['of four parts', `${forge(header, ours)}.x`],
  ['of nothing', ''],
  ['of dots', '..'],
  ['that is no token', 'hello'],
  ['that is huge', forge(header, { ...ours, pad: 'x'.repeat(100_000) })],
])('a token %s is refused', (_, token) => {
  expect(() => tokens.read(token)).toThrow(
    expect.objectContaining({ name: 'QuantumFluxError', code: 'unauthenticated' }),
  );
});
