import { randomUUID } from 'node:crypto';
import { readdir, readFile, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import { findProcess } from './processes.ts';

const BEAT_MS = 2_000;

/** Where processes cannot be asked (another container on the same volume), silence for so long means: it is dead. */
const SILENCE_MS = 10_000;

/** Two that start in the same moment both step back; one of them comes first when they try again. */
const ATTEMPTS = 3;

const holderFile = z.object({ pid: z.int(), startedAt: z.string().optional(), host: z.string() });
type Holder = { pid: number | undefined };

/** Makes this process the only server on a folder, until the returned function is called or the process is gone. */
export async function lockFolder(folder: string): Promise<() => Promise<void>> {
  const own = join(folder, `server.${randomUUID()}.lock`);
  const startedAt = (await findProcess(process.pid))?.startedAt;
  for (let attempt = 1; ; attempt++) {
    // Announce first, then look: of two that start together, the later one to look sees the other.
    await announce(own, startedAt);
    const other = await findOther(folder, own);
    if (!other) break;
    await rm(own);
    if (attempt === ATTEMPTS) throw new Error(refusal(folder, other));
    await sleep(20 + Math.random() * 100);
  }
  const beat = setInterval(() => void utimes(own, new Date(), new Date()).catch(() => {}), BEAT_MS);
  beat.unref();
  return async () => {
    clearInterval(beat);
    await rm(own, { force: true });
  };
}

async function announce(path: string, startedAt: string | undefined): Promise<void> {
  try {
    await writeFile(path, JSON.stringify({ pid: process.pid, startedAt, host: hostname() }), { flag: 'wx' });
  } catch (cause) {
    const advice = 'Start the server as the user to whom it belongs, or set DATA_DIR to another folder.';
    const { code } = cause as NodeJS.ErrnoException;
    throw new Error(`The data folder ${dirname(path)} cannot be written to (${code}). ${advice}`, { cause });
  }
}

function refusal(folder: string, { pid }: Holder): string {
  const who = pid === undefined ? '' : ` (process ${pid})`;
  return `The data folder ${folder} is in use by another QuantumFlux server${who}. Stop it, or set DATA_DIR to another folder.`;
}

/** Another server that lives. The locks of dead ones are removed. */
async function findOther(folder: string, own: string): Promise<Holder | undefined> {
  const names = (await readdir(folder)).filter((name) => /^server\..+\.lock$/.test(name));
  for (const path of names.map((name) => join(folder, name))) {
    if (path === own) continue;
    const holder = await findHolder(path);
    if (holder) return holder;
    await rm(path, { force: true });
  }
  return undefined;
}

async function findHolder(path: string): Promise<Holder | undefined> {
  const beatAt = await stat(path).then(
    ({ mtimeMs }) => mtimeMs,
    () => 0,
  );
  const beats = Date.now() - beatAt < SILENCE_MS;
  const holder = await readFile(path, 'utf8')
    .then((text) => holderFile.parse(JSON.parse(text)))
    .catch(() => undefined);
  if (!holder) return beats ? { pid: undefined } : undefined;
  if (holder.host !== hostname()) return beats ? holder : undefined;
  const found = await findProcess(holder.pid);
  if (!found) return undefined;
  // Numbers are used again, often right after a restart of the machine.
  if (found.startedAt !== undefined && holder.startedAt !== undefined)
    return found.startedAt === holder.startedAt ? holder : undefined;
  return beats ? holder : undefined;
}
