import type pg from 'pg';
import type { Caller } from '../http/caller.ts';
import type { KeyKind } from './keys.ts';
import { permissionsOf, type Role } from './permissions.ts';

/** Most subjects of one question. */
const MAX_ASKED = 5_000;

type Rights = Pick<Caller, 'organization' | 'permissions' | 'publicOnly'>;
type Row = { subject: string; organization: string; holder: Role | KeyKind };

/** What those who are connected may do by now, from the tables themselves: what a cache says may be over. */
export function createRightsStore(pool: pg.Pool) {
  return {
    /** By subject (`user:…`, `key:…`). Whose key was revoked, who was removed, and who never was, is not in it. */
    async of(subjects: readonly string[]): Promise<ReadonlyMap<string, Rights>> {
      const rights = new Map<string, Rights>();
      for (let i = 0; i < subjects.length; i += MAX_ASKED) {
        const asked = subjects.slice(i, i + MAX_ASKED);
        const { rows } = await pool.query<Row>(QUERY, [idsOf(asked, 'key:'), idsOf(asked, 'user:')]);
        for (const { subject, organization, holder } of rows) {
          const publicOnly = holder === 'publishable';
          rights.set(subject, { organization, permissions: permissionsOf(holder), publicOnly });
        }
      }
      return rights;
    },
  };
}

const QUERY = `
  SELECT 'key:' || id AS subject, organization_id AS organization, kind::text AS holder
  FROM api_key WHERE id = ANY($1::uuid[]) AND revoked_at IS NULL
  UNION ALL
  SELECT 'user:' || id, organization_id, role::text FROM app_user WHERE id = ANY($2::uuid[])`;

function idsOf(subjects: readonly string[], prefix: string): string[] {
  return subjects.filter((subject) => subject.startsWith(prefix)).map((subject) => subject.slice(prefix.length));
}
