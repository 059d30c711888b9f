import { QuantumFluxError } from './protocol/index.ts';

/** Who is asking: `token` or `key`, or nobody. */
export type Credential = { token?: string; key?: string };

/** Where the credential comes from. Both promises reject with a QuantumFluxError. */
export type Credentials = {
  /** Whether asking again may bring another one. */
  isRenewable: boolean;
  /** The one that was used last, or the first. */
  current(): Promise<Credential>;
  /** A fresh one. Whoever asks while one is on its way gets the same. */
  renew(): Promise<Credential>;
  /** One that is not `used`, which the server did not take: what another request got meanwhile, or a fresh one. */
  replace(used: Credential): Promise<Credential>;
};

type Identity = { key?: string | undefined; getToken?: (() => Promise<string>) | undefined };

export function createCredentials({ key, getToken }: Identity): Credentials {
  let last: Promise<Credential> | undefined;
  let isOnItsWay = false;

  async function ask(): Promise<Credential> {
    if (!getToken) return key === undefined ? {} : { key };
    try {
      return { token: await getToken() };
    } catch (cause) {
      last = undefined;
      // The page may know better than we do whether trying again makes sense.
      if (cause instanceof QuantumFluxError) throw cause;
      throw new QuantumFluxError('unavailable', `getToken brought no token: ${String(cause)}`, { cause });
    } finally {
      isOnItsWay = false;
    }
  }

  function renew(): Promise<Credential> {
    if (last && isOnItsWay) return last;
    isOnItsWay = true;
    last = ask();
    return last;
  }

  function current(): Promise<Credential> {
    return last ?? renew();
  }

  async function replace(used: Credential): Promise<Credential> {
    const newest = await current();
    return newest === used ? renew() : newest;
  }

  return { isRenewable: getToken !== undefined, current, renew, replace };
}
