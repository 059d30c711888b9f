import type { Caller } from '../http/caller.ts';

/** What somebody may see, as far as it can change while they are connected. */
export type Rights = Pick<Caller, 'organization' | 'permissions' | 'publicOnly'>;

/** Asks what these subjects (`user:…`, `key:…`) may do by now. Who is not in the answer is not there any more. */
export type AskRights = (subjects: readonly string[]) => Promise<ReadonlyMap<string, Rights>>;

/** Whether somebody who was let in with the first of these rights may see less by now (A5, A6). */
export function seesLess(before: Rights, now: Rights | undefined): boolean {
  if (now?.organization !== before.organization) return true;
  const reads = ({ permissions }: Rights) => permissions.has('streams.read');
  return (now.publicOnly && !before.publicOnly) || (reads(before) && !reads(now));
}
