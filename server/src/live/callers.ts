import type { Bus, Stop } from '../bus/bus.ts';
import { createShared } from '../cache/shared.ts';
import type { Authenticate, Caller } from '../http/caller.ts';

const defaults = {
  /** How long it is not asked again who shows the same credential, in ms. */
  keepMs: 1_000,
  /** Most credentials that are remembered. */
  most: 10_000,
};

/**
 * Asks once who somebody is when all viewers of a page come back at once: they show the same key. What it remembers is
 * forgotten with the first key that is revoked; who got in with an answer of just before is found by revocation.ts.
 */
export async function shareCallers(
  authenticate: Authenticate,
  bus: Pick<Bus, 'subscribe'>,
  options: Partial<typeof defaults> = {},
): Promise<{ authenticate: Authenticate; stop: Stop }> {
  const { keepMs, most } = { ...defaults, ...options };
  const known = createShared<Caller>({ keepMs, maxBytes: most });
  const stop = await bus.subscribe('keys', known.clear);
  return {
    // By all that is shown: a key is worth something on some pages only.
    authenticate: (credentials) =>
      known.get(JSON.stringify([credentials.bearer, credentials.origin]), () => authenticate(credentials)),
    stop,
  };
}
