import { createHash, randomBytes } from 'node:crypto';
import { access, chown, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Log } from '../../log.ts';
import { canEnter, makeOpenFolder, type Account } from './account.ts';
import { runProgram, type Binaries } from './binaries.ts';

/** The one user of the embedded database. */
export const USER = 'quantumflux';

/** Where database files go that an ordinary account could not reach in the data folder. */
const ELSEWHERE = '/var/lib/quantumflux';

/** The note in the data folder that says where they went. */
const NOTE = 'database-is-in';

/** Where the database files are, or will be. */
export type Home = { folder: string; isElsewhere: boolean };

/** Where the database of this data folder is at home: in it, unless PostgreSQL could not get there. */
export async function findHome(dataDir: string, account: Account | undefined, elsewhere = ELSEWHERE): Promise<Home> {
  const note = join(dataDir, NOTE);
  const noted = await readFile(note, 'utf8').then(
    (text) => text.trim(),
    () => undefined,
  );
  if (noted !== undefined) {
    if (await exists(clusterIn(noted))) return { folder: noted, isElsewhere: true };
    throw new Error(
      `The database of ${dataDir} should be in ${noted}, but is not. Bring it back, or delete ${note} to start with an empty one.`,
    );
  }
  const here = join(dataDir, 'database');
  if ((await exists(clusterIn(here))) || (await canEnter(dataDir, account)))
    return { folder: here, isElsewhere: false };
  const name = createHash('sha256').update(dataDir).digest('hex').slice(0, 12);
  return { folder: join(elsewhere, name), isElsewhere: true };
}

/** Says in the data folder where its database files went. */
export async function noteHome(dataDir: string, { folder, isElsewhere }: Home): Promise<void> {
  if (isElsewhere) await writeFile(join(dataDir, NOTE), `${folder}\n`);
}

/** The folder that PostgreSQL calls its data directory. */
export function clusterIn(home: string): string {
  return join(home, 'cluster');
}

/** Which PostgreSQL made the database; undefined when there is none yet. */
export async function majorOf(home: string): Promise<number | undefined> {
  try {
    return Number.parseInt(await readFile(join(clusterIn(home), 'PG_VERSION'), 'utf8'), 10);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw new Error(
      `The database in ${home} belongs to another user. Start the server as that user, or set DATA_DIR to another folder.`,
      { cause: error },
    );
  }
}

export type InitOptions = { binaries: Binaries; account: Account | undefined; log: Log };

/** Makes the database files unless they are there. Gives back the password of the database's user. */
export async function initCluster(home: string, { binaries, account, log }: InitOptions): Promise<string> {
  const passwordFile = join(home, 'password');
  if (await exists(clusterIn(home))) {
    const password = await readFile(passwordFile, 'utf8').then(
      (text) => text.trim(),
      () => '',
    );
    if (password !== '') return password;
    throw new Error(`The password of the embedded database is missing: ${passwordFile}. Bring it back from a backup.`);
  }
  log.info(`making the database in ${home}`);
  const password = randomBytes(24).toString('base64url');
  const unfinished = join(home, 'cluster.new');
  const handover = join(home, 'password.new');
  await rm(unfinished, { recursive: true, force: true });
  await rm(handover, { force: true });
  await makeOpenFolder(home);
  await mkdir(unfinished, { mode: 0o700 });
  await writeFile(handover, `${password}\n`, { mode: 0o600 });
  if (account) await Promise.all([unfinished, handover].map((path) => chown(path, account.uid, account.gid)));
  await runProgram(
    binaries,
    'initdb',
    ['-D', unfinished, '-U', USER, '--auth=scram-sha-256', `--pwfile=${handover}`, '-E', 'UTF8', ...locale(binaries)],
    account,
  );
  await rm(handover);
  await writeFile(passwordFile, `${password}\n`, { mode: 0o600 });
  // The last step: a start that is interrupted before it begins anew.
  await rename(unfinished, clusterIn(home));
  return password;
}

/** Unicode order and case without the locales of the machine, from the first version on that has them built in. */
function locale({ major }: Binaries): string[] {
  return major >= 17 ? ['--locale-provider=builtin', '--builtin-locale=C.UTF-8', '--locale=C'] : ['--locale=C'];
}

function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
