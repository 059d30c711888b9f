import { randomBytes } from 'node:crypto';
import { mkdir, open, readFile, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';

/** What tokens are signed with, and what is mixed into passwords. */
export type Secrets = { tokenSecret: string; passwordPepper: string };

/** The part of the configuration that secrets are made from. */
export type SecretsConfig = {
  DATA_DIR: string;
  TOKEN_SECRET?: string | undefined;
  PASSWORD_PEPPER?: string | undefined;
};

const file = z.object({ tokenSecret: z.string().min(32), passwordPepper: z.string().min(32) });

/** The secrets that were configured. Those that were not are made once and kept in DATA_DIR, for this user alone. */
export async function loadSecrets({ DATA_DIR, TOKEN_SECRET, PASSWORD_PEPPER }: SecretsConfig): Promise<Secrets> {
  if (TOKEN_SECRET !== undefined && PASSWORD_PEPPER !== undefined)
    return { tokenSecret: TOKEN_SECRET, passwordPepper: PASSWORD_PEPPER };
  const path = join(DATA_DIR, 'secrets.json');
  const kept = (await read(path)) ?? (await create(path));
  return { tokenSecret: TOKEN_SECRET ?? kept.tokenSecret, passwordPepper: PASSWORD_PEPPER ?? kept.passwordPepper };
}

async function read(path: string): Promise<Secrets | undefined> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw new Error(`The secrets in ${path} cannot be read; they belong to the user who started the server first.`, {
      cause: error,
    });
  }
  try {
    return file.parse(JSON.parse(text));
  } catch {
    // Never replaced in silence: without its pepper, every password of the database would be wrong. The cause is left
    // out, for it quotes what stands in the file.
    throw new Error(
      `The secrets in ${path} are broken. Bring the file back from a backup, or delete it: then all sessions end and all passwords are invalid.`,
    );
  }
}

async function create(path: string): Promise<Secrets> {
  const secrets = {
    tokenSecret: randomBytes(48).toString('base64url'),
    passwordPepper: randomBytes(48).toString('base64url'),
  };
  await mkdir(join(path, '..'), { recursive: true });
  // Written aside and renamed, so that a crash leaves the whole file or none.
  const aside = `${path}.${process.pid}`;
  const handle = await open(aside, 'w', 0o600);
  try {
    await handle.writeFile(`${JSON.stringify(secrets, null, 2)}\n`);
    await handle.sync();
  } finally {
    await handle.close();
  }
  await rename(aside, path);
  return secrets;
}
