import type { Permission } from '../http/caller.ts';
import type { KeyKind } from './keys.ts';

/** What people may be in an organization. */
export const roles = ['owner', 'admin', 'editor', 'viewer'] as const;
export type Role = (typeof roles)[number];

/**
 * Who may do what: the only place that says so. A secret key can do what an admin can, so that a host's own programs
 * need no person; a publishable key is in everybody's hands and sees public streams only.
 */
const holders: Readonly<Record<Permission, readonly (Role | KeyKind)[]>> = {
  'points.write': ['owner', 'admin', 'editor', 'secret', 'ingest'],
  'streams.read': ['owner', 'admin', 'editor', 'viewer', 'secret', 'publishable'],
  'streams.change': ['owner', 'admin', 'editor', 'secret'],
  'keys.manage': ['owner', 'admin', 'secret'],
};

/** All that a role or a kind of key may do. */
export function permissionsOf(holder: Role | KeyKind): ReadonlySet<Permission> {
  const permissions = Object.keys(holders) as Permission[];
  return new Set(permissions.filter((permission) => holders[permission].includes(holder)));
}
