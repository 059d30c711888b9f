import type { Sent } from './ledger.ts';
import { allIsShown, type ShownVerdict } from './shown.ts';
import { startViewers } from './viewers.ts';

// Viewers in a process of their own, which may be stopped as a whole. Each has an audience to itself.

export type Task = { url: string; stream: string; count: number };
export type Report = { verdict: ShownVerdict; skipped: number; miscounted: number; reconnects: number };

const { url, stream, count } = JSON.parse(process.argv[2]!) as Task;
const viewers = Array.from({ length: count }, (_, i) =>
  startViewers({
    url,
    selector: `${stream}{viewer!="${i}"}`,
    count: 1,
    stream: { from: '-1h', width: 10_000, capacity: 1_000_000 },
  }),
);

process.on('message', (shown: number) => void settle(shown));
await Promise.all(viewers.map((viewer) => viewer.live()));
process.send!('live');

async function settle(shown: number): Promise<void> {
  const sent: Sent[] = Array.from({ length: shown }, (_, value) => ({
    stream,
    value,
    time: 0,
    key: '',
    isAcknowledged: true,
  }));
  const report: Report = { verdict: structuredClone(allIsShown), skipped: 0, miscounted: 0, reconnects: 0 };
  for (const viewer of viewers) {
    await viewer.caughtUp(sent);
    report.reconnects += viewer.diagnostics()[0]!.reconnects;
    report.skipped += viewer.skipped;
    report.miscounted += viewer.miscounted;
    const verdict = await viewer.settle(sent);
    for (const kind of ['lost', 'twice', 'reordered', 'untoldGaps'] as const)
      report.verdict[kind].push(...verdict[kind].slice(0, 10));
  }
  process.send!(report, undefined, undefined, () => process.disconnect());
}
