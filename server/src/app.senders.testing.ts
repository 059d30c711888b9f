import { newKey } from './auth/keys.ts';
import { createTokens } from './auth/tokens.ts';
import { createCallers } from './callers.testing.ts';
import type { Database } from './database/database.ts';

/** Every kind of caller that a matrix has a column for. */
export const columns = [
  ...['nobody', 'forged', 'unknown', 'revoked', 'expired'],
  ...['viewer', 'editor', 'admin', 'owner', 'secret', 'ingest'],
  ...['page', 'elsewhere', 'noPage'],
  ...['otherOwner', 'otherSecret'],
] as const;

export const TOKEN_SECRET = 't'.repeat(32);
export const PAGE = 'https://example.com';

export type Sender = { bearer?: string; origin?: string };

/** One of each, in the first organization, and two in another; of a server whose secret is `TOKEN_SECRET`. */
export async function createSenders(database: Pick<Database, 'prisma'>) {
  const callers = createCallers(database, TOKEN_SECRET);
  const mine = await callers.firstOrganization();
  const other = await callers.addOrganization();
  const senders = new Map<string, Sender>();
  senders.set('nobody', {});
  senders.set('forged', {
    bearer: createTokens({ secret: 'f'.repeat(32) }).issue({ user: mine, organization: mine, role: 'owner' }),
  });
  senders.set('unknown', { bearer: newKey('secret') });
  senders.set('revoked', { bearer: (await callers.addKey(mine, 'secret', { revokedAt: new Date() })).key });
  senders.set('expired', { bearer: callers.tokenOf(await callers.addUser(mine, 'owner'), { seconds: -60 }) });
  for (const role of ['viewer', 'editor', 'admin', 'owner'] as const)
    senders.set(role, { bearer: (await callers.addUser(mine, role)).token });
  for (const kind of ['secret', 'ingest'] as const)
    senders.set(kind, { bearer: (await callers.addKey(mine, kind)).key });
  const { key } = await callers.addKey(mine, 'publishable', { origins: [PAGE] });
  senders.set('page', { bearer: key, origin: PAGE });
  senders.set('elsewhere', { bearer: key, origin: 'https://example.net' });
  senders.set('noPage', { bearer: key });
  senders.set('otherOwner', { bearer: (await callers.addUser(other, 'owner')).token });
  senders.set('otherSecret', { bearer: (await callers.addKey(other, 'secret')).key });
  return { callers, mine, senders };
}
