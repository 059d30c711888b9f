import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Permission } from '../http/caller.ts';
import { timeToAsk } from './expiry.ts';
import { seesLess, type Rights } from './rights.ts';

const reader: Rights = { organization: 'a', permissions: new Set(['streams.read']), publicOnly: false };
const rights = fc.record({
  organization: fc.constantFrom('a', 'b'),
  permissions: fc
    .uniqueArray(fc.constantFrom<Permission[]>('streams.read', 'points.write', 'keys.manage'))
    .map((all) => new Set(all)),
  publicOnly: fc.boolean(),
});

test.each([
  ['was removed', undefined],
  ['is in another organization', { ...reader, organization: 'b' }],
  ['may read no streams any more', { ...reader, permissions: new Set<Permission>(['points.write']) }],
  ['sees public streams only', { ...reader, publicOnly: true }],
])('[A6] who %s sees less', (_, now) => {
  expect(seesLess(reader, now)).toBe(true);
});

test('who may do more, or no longer what has nothing to do with seeing, stays', () => {
  const admin: Rights = { ...reader, permissions: new Set(['streams.read', 'keys.manage']) };
  expect(seesLess(reader, admin)).toBe(false);
  expect(seesLess(admin, reader)).toBe(false);
  expect(seesLess({ ...reader, publicOnly: true }, reader)).toBe(false);
});

test('nobody sees less than themselves, and whoever sees less one way does not the other, but elsewhere', () => {
  fc.assert(
    fc.property(rights, rights, (a, b) => {
      expect(seesLess(a, a)).toBe(false);
      if (a.organization !== b.organization) expect([seesLess(a, b), seesLess(b, a)]).toEqual([true, true]);
    }),
  );
});

test('[A5] a fresh token is asked for a minute ahead, of a short one after half of its time', () => {
  expect(timeToAsk(900_000, 0)).toBe(840_000);
  expect(timeToAsk(60_000, 0)).toBe(30_000);
  expect(timeToAsk(4_000, 0)).toBe(2_000);
});
