import { expect, test } from 'vitest';
import { hashOf, hintOf, keyKinds, looksLikeKey, newKey } from './keys.ts';
import { allowsOrigin } from './origins.ts';
import { permissionsOf, roles } from './permissions.ts';

test.each(keyKinds)('a new %s key says its kind and is like no other', (kind) => {
  const keys = Array.from({ length: 100 }, () => newKey(kind));
  expect(new Set(keys).size).toBe(100);
  for (const key of keys) expect(key).toMatch(new RegExp(`^qf_${kind[0]}k_[\\w-]{49}$`));
  expect(keys.every(looksLikeKey)).toBe(true);
});

test('the hash is SHA-256, so that a copy of the database opens nothing', () => {
  expect(hashOf('qf_pk_demo').toString('hex')).toBe('93d6ae38978263bcd8fd38ac3af3323e5e47ea7a5bffe4a95a65f3c8d143331e');
});

test('the hint tells keys apart, and nothing of a short one', () => {
  expect(hintOf(`qf_sk_${'a'.repeat(40)}WxYz`)).toBe('qf_sk_…WxYz');
  expect(hintOf('qf_pk_demo')).toBe('qf_pk_…');
});

test.each([
  ['https://example.com', 'https://example.com', true],
  ['https://example.com', 'https://EXAMPLE.com', true],
  ['https://example.com', 'http://example.com', false],
  ['https://example.com', 'https://example.com:8443', false],
  ['https://example.com', 'https://example.com.evil.net', false],
  ['https://example.com', 'https://sub.example.com', false],
  ['http://localhost:*', 'http://localhost:3000', true],
  ['http://localhost:*', 'http://localhost', true],
  ['http://localhost:*', 'https://localhost:3000', false],
  ['http://localhost:*', 'http://localhost.evil.net', false],
  ['http://localhost:*', 'http://localhost:3000.evil.net', false],
  ['http://localhost:*', 'http://localhost:', false],
  ['http://localhost:*', 'http://localhost:*', false],
  ['http://[::1]:*', 'http://[::1]:5000', true],
  ['https://example.com', 'null', false],
  ['https://example.com', '', false],
])('a key for %s: may a page of %s use it? %s', (allowed, origin, expected) => {
  expect(allowsOrigin([allowed], origin)).toBe(expected);
});

test('who may do what', () => {
  const table = Object.fromEntries(
    [...roles, ...keyKinds].map((holder) => [holder, [...permissionsOf(holder)].join(' ')]),
  );
  expect(table).toEqual({
    owner: 'points.write streams.read streams.change keys.manage',
    admin: 'points.write streams.read streams.change keys.manage',
    editor: 'points.write streams.read streams.change',
    viewer: 'streams.read',
    secret: 'points.write streams.read streams.change keys.manage',
    ingest: 'points.write',
    publishable: 'streams.read',
  });
});
