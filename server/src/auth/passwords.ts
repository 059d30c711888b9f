import bcrypt from 'bcrypt';
import { createHmac } from 'node:crypto';
import { createQueue } from './queue.ts';

/** Says how the rest of a stored hash was made. Another way gets another one, and old hashes stay readable. */
const VERSION = 'v1$';

export type PasswordOptions = {
  /** A secret of the server: a stolen table of hashes cannot be guessed at without it. */
  pepper: string;
  /** Work per hash; one more doubles it. 12 is about 230 ms of a processor. */
  cost?: number;
};

/** Turns passwords into what may be stored, and compares. Never more than two at a time: ingest needs the processor too. */
export function createPasswords({ pepper, cost = 12 }: PasswordOptions) {
  const run = createQueue({ running: 2, waiting: 32 });
  // No password has this hash, but it takes as long to find out.
  const nobody = `${VERSION}$2b$${String(cost).padStart(2, '0')}$${'.'.repeat(53)}`;

  // bcrypt reads 72 bytes and stops at a zero; base64 of 48 bytes is 64 and has none.
  const digest = (password: string) => createHmac('sha384', pepper).update(password).digest('base64');

  return {
    hash: (password: string): Promise<string> => run(async () => VERSION + (await bcrypt.hash(digest(password), cost))),

    /** Without a stored hash the answer is no, after the same time, so that nobody learns who has an account. */
    async verify(password: string, stored: string | undefined): Promise<boolean> {
      const hash = stored ?? nobody;
      if (!hash.startsWith(VERSION))
        throw new Error('a stored password hash has a version that this server does not know');
      return run(() => bcrypt.compare(digest(password), hash.slice(VERSION.length)));
    },
  };
}

export type Passwords = ReturnType<typeof createPasswords>;
