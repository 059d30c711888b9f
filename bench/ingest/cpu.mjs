import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';

let ticks;

/** Seconds of CPU that a process has had so far, and with `children` all that it started; on Linux only, else NaN. */
export function cpuSeconds(pid, { children = false } = {}) {
  if (process.platform !== 'linux') return Number.NaN;
  ticks ??= Number(execFileSync('getconf', ['CLK_TCK'], { encoding: 'utf8' }));
  const pids = children ? [pid, ...childrenOf(pid)] : [pid];
  return pids.reduce((sum, each) => sum + ticksOf(each), 0) / ticks;
}

/** Bytes of a process that are in memory, and the most there ever were; on Linux only, else NaN. */
export function memoryOf(pid) {
  if (process.platform !== 'linux') return { now: Number.NaN, peak: Number.NaN };
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  const bytes = (name) => Number(new RegExp(`${name}:\\s+(\\d+)`).exec(status)[1]) * 1_024;
  return { now: bytes('VmRSS'), peak: bytes('VmHWM') };
}

/** The processes that one has started and that still run. */
export function childrenOf(pid) {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && statOf(name)?.[1] === String(pid))
    .map(Number);
}

/** User and system time; with what its ended children had, or a worker that ends would take its time along. */
function ticksOf(pid) {
  return (statOf(pid)?.slice(11, 15) ?? []).reduce((sum, text) => sum + Number(text), 0);
}

// https://man7.org/linux/man-pages/man5/proc_pid_stat.5.html: the name in brackets may hold anything, so count from its end.
function statOf(pid) {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  } catch {
    return undefined;
  }
}
