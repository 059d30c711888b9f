import { execFile } from 'node:child_process';
import { chmod, mkdir, readFile, stat } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** Whom a program runs as. */
export type Account = { uid: number; gid: number };

/** PostgreSQL refuses to run as root. Then it runs as this account; undefined means: as we do. */
export async function findAccount(): Promise<Account | undefined> {
  if (process.getuid?.() !== 0) return undefined;
  const users = (await readFile('/etc/passwd', 'utf8')).split('\n').map((line) => line.split(':'));
  const user = ['postgres', 'node', 'nobody']
    .map((name) => users.find(([each]) => each === name))
    .find((found) => found);
  return user ? { uid: Number(user[2]), gid: Number(user[3]) } : { uid: 65_534, gid: 65_534 };
}

/** The same for files that are there: whose they are. Perhaps the server ran as an ordinary user before. */
export async function ownerOf(path: string): Promise<Account | undefined> {
  const owner = process.getuid?.() === 0 ? await stat(path).catch(() => undefined) : undefined;
  return owner && owner.uid !== 0 ? { uid: owner.uid, gid: owner.gid } : undefined;
}

/** Whether the account gets into this folder, asked of the system itself: modes alone do not tell. */
export async function canEnter(folder: string, account: Account | undefined): Promise<boolean> {
  if (!account) return true;
  return run('/bin/sh', ['-c', 'cd -- "$1"', 'sh', folder], { ...account, cwd: '/' }).then(
    () => true,
    () => false,
  );
}

/** Makes a folder, and those above it that are missing, for everyone to pass through, whatever the umask says. */
export async function makeOpenFolder(folder: string): Promise<void> {
  const first = await mkdir(resolve(folder), { recursive: true });
  if (first === undefined) return;
  for (let each = resolve(folder); each.length >= first.length; each = dirname(each)) await chmod(each, 0o755);
}
