import { QuantumFluxError } from '@quantumflux/sdk/protocol';
import { createHash } from 'node:crypto';
import { networkOf } from '../http/address.ts';
import type { CreateLimit } from '../http/limit.ts';
import type { Passwords } from './passwords.ts';
import { TOKEN_SECONDS, type Tokens } from './tokens.ts';
import type { UserStore } from './users.store.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

export type LoginPorts = {
  users: Pick<UserStore, 'withEmail'>;
  passwords: Pick<Passwords, 'verify'>;
  tokens: Pick<Tokens, 'issue'>;
  createLimit: CreateLimit;
};

/** Who wants to sign in, and from where. */
export type LoginAttempt = { email: string; password: string; address: string };

/** Signs people in. Whether a person exists shows in nothing: not in the answer, its time, or the limits. */
export function createLogin({ users, passwords, tokens, createLimit }: LoginPorts) {
  // One person at one place is slowed down first, so that a stranger elsewhere cannot keep the owner out. The last one
  // is for guesses from many places at once.
  const limits = {
    burst: createLimit({ name: 'login-burst', most: 5, perMs: MINUTE }),
    steady: createLimit({ name: 'login-steady', most: 30, perMs: HOUR }),
    network: createLimit({ name: 'login-network', most: 30, perMs: MINUTE }),
    account: createLimit({ name: 'login-account', most: 300, perMs: HOUR }),
  };

  return async function login({ email, password, address }: LoginAttempt) {
    const network = networkOf(address);
    // Counts may live in Redis; nobody's e-mail address has to.
    const account = createHash('sha256').update(email.toLowerCase()).digest('base64url');
    const place = `${account}@${network}`;

    // Counted before the password is looked at, so that many tries at the same time are many tries.
    await limits.network.take(network);
    await limits.burst.take(place);
    await limits.steady.take(place);
    await limits.account.take(account);

    const user = await users.withEmail(email);
    const isRight = await passwords.verify(password, user?.passwordHash);
    if (!user || !isRight) {
      throw new QuantumFluxError('unauthenticated', 'The e-mail address or the password is not right.');
    }
    await Promise.all([limits.burst.reset(place), limits.steady.reset(place)]);

    const { id, role, organization } = user;
    return {
      accessToken: tokens.issue({ user: id, organization: organization.id, role }),
      /** In seconds. */
      expiresIn: TOKEN_SECONDS,
      user: { id, email: user.email, role },
      organization,
    };
  };
}

export type Login = ReturnType<typeof createLogin>;
