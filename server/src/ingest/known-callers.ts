import type { Bus, Stop } from '../bus/bus.ts';
import type { Authenticate, Caller } from '../http/caller.ts';

/** How long it is not asked again who shows a key, in ms. */
const KNOWN_MS = 1_000;

/**
 * Asks once a second who somebody is, not with every write. A key that is revoked is forgotten at once, here and on every
 * server that hears of it.
 */
export async function rememberCallers(
  authenticate: Authenticate,
  bus: Pick<Bus, 'subscribe'>,
): Promise<{ authenticate: Authenticate; stop: Stop }> {
  // Only those who were let in, so there are no more than there are keys.
  let known = new Map<string, Promise<Caller>>();
  let forgetAt = 0;

  const forget = () => void (known = new Map());
  const stop = await bus.subscribe('keys', forget);

  async function ask(bearer: string): Promise<Caller> {
    // What is answered after they were forgotten, was asked before.
    const place = known;
    const caller = await authenticate({ bearer, origin: undefined });
    if (caller.expiresAt === null) place.set(bearer, Promise.resolve(caller));
    return caller;
  }

  return {
    authenticate(credentials) {
      const { bearer, origin } = credentials;
      // Pages show where they are as well, and tokens end by themselves: these are for people, who are few.
      if (bearer === undefined || origin !== undefined) return authenticate(credentials);
      const now = Date.now();
      if (now >= forgetAt || now < forgetAt - KNOWN_MS) {
        forget();
        forgetAt = now + KNOWN_MS;
      }
      return known.get(bearer) ?? ask(bearer);
    },
    stop,
  };
}
