import { execFile } from 'node:child_process';
import { readFile, stat } from 'node:fs/promises';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** Whom a program runs as. */
export type Account = { uid: number; gid: number };

/** PostgreSQL refuses to run as root. Then it runs as this account; undefined means: as we do. */
export async function findAccount(cluster: string): Promise<Account | undefined> {
  if (process.getuid?.() !== 0) return undefined;
  // Files that are there say whose they are; perhaps the server ran as an ordinary user before.
  const owner = await stat(cluster).catch(() => undefined);
  if (owner && owner.uid !== 0) return { uid: owner.uid, gid: owner.gid };
  const users = (await readFile('/etc/passwd', 'utf8')).split('\n').map((line) => line.split(':'));
  const user = ['postgres', 'node', 'nobody'].map((name) => users.find(([each]) => each === name)).find((found) => found);
  return user ? { uid: Number(user[2]), gid: Number(user[3]) } : { uid: 65_534, gid: 65_534 };
}

/** Whether the account gets into this folder, asked of the system itself: modes alone do not tell. */
export async function canEnter(folder: string, account: Account | undefined): Promise<boolean> {
  if (!account) return true;
  return run('/bin/sh', ['-c', 'cd -- "$1"', 'sh', folder], { ...account, cwd: '/' }).then(() => true, () => false);
}
