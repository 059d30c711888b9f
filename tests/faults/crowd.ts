import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { Order, Report } from './crowd.process.ts';
import type { SocketViewerOptions } from './socket-viewer.ts';

const program = fileURLToPath(new URL('crowd.process.ts', import.meta.url));

/** Most viewers of one process. */
const MOST = 5_000;

export type CrowdOptions = {
  count: number;
  /** Over how long the first attempts are spread, in ms. */
  spreadMs: number;
  options: SocketViewerOptions;
};

/** So many viewers, in processes of their own. */
export async function startCrowd({ count, spreadMs, options }: CrowdOptions) {
  const children = Array.from({ length: Math.ceil(count / MOST) }, () =>
    fork(program, { execArgv: ['--conditions=quantumflux-source', '--import', 'tsx'] }),
  );
  const share = count / children.length;
  await Promise.all(children.map((child) => once(child, 'spawn')));
  for (const child of children) send(child, { is: 'connect', count: share, spreadMs, options });

  async function report(): Promise<Report> {
    return together(await Promise.all(children.map(ask)));
  }

  return {
    report,

    subscribe(): void {
      for (const child of children) send(child, { is: 'subscribe' });
    },

    /** Resolves once the report is as it should be; how long that took, in ms. Rejects after `patienceMs`. */
    async until(isSo: (report: Report) => boolean, patienceMs: number): Promise<number> {
      const start = performance.now();
      for (;;) {
        const now = await report();
        if (isSo(now)) return performance.now() - start;
        if (performance.now() - start > patienceMs) {
          throw new Error(`not in ${patienceMs} ms: ${JSON.stringify({ ...now, awayMs: now.awayMs.length })}`);
        }
        await sleep(50);
      }
    },

    async stop(): Promise<void> {
      const ends = children.map((child) => once(child, 'exit'));
      for (const child of children) child.disconnect();
      await Promise.all(ends);
    },
  };
}

export type Crowd = Awaited<ReturnType<typeof startCrowd>>;

function send(child: ChildProcess, order: Order): void {
  child.send(order);
}

function ask(child: ChildProcess): Promise<Report> {
  return new Promise((resolve, reject) => {
    const ended = () => reject(new Error('A process of viewers has ended.'));
    if (child.exitCode !== null) return ended();
    child.once('exit', ended);
    child.once('message', (report: Report) => {
      child.off('exit', ended);
      resolve(report);
    });
    send(child, { is: 'report' });
  });
}

function together(reports: readonly Report[]): Report {
  const sum = (of: (report: Report) => number) => reports.reduce((all, report) => all + of(report), 0);
  return {
    connected: sum(({ connected }) => connected),
    live: sum(({ live }) => live),
    refused: sum(({ refused }) => refused),
    resyncs: sum(({ resyncs }) => resyncs),
    resumed: sum(({ resumed }) => resumed),
    wrong: reports.flatMap(({ wrong }) => wrong),
    awayMs: reports.flatMap(({ awayMs }) => awayMs),
    lowest: Math.min(...reports.map(({ lowest }) => lowest)),
    fewest: Math.min(...reports.map(({ fewest }) => fewest)),
  };
}
