import { readFile } from 'node:fs/promises';

/** What the system tells of a process that runs; undefined where it does not tell. */
export type RunningProcess = {
  /** When it began, in the system's own measure: together with its number, it names this very process. */
  startedAt: string | undefined;
  command: string | undefined;
};

/** The process with this number; undefined when there is none, or only a zombie, which nobody has waited for. */
export async function findProcess(pid: number): Promise<RunningProcess | undefined> {
  if (!exists(pid)) return undefined;
  // https://man7.org/linux/man-pages/man5/proc_pid_stat.5.html: the name in brackets may hold anything, so count from its end.
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => undefined);
  const [state, ...fields] = stat?.slice(stat.lastIndexOf(')') + 2).split(' ') ?? [];
  if (state === 'Z' || state === 'X') return undefined;
  const command = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => undefined);
  return { startedAt: fields[18], command: command?.replaceAll('\0', ' ').trim() };
}

function exists(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // A process of another user may not be signalled, but is there.
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
