import { figure, notMeasured } from '../figure.mjs';
import { median, round } from '../machine.mjs';
import { ours } from '../peers.mjs';
import { complaintOf, isClean, layoutOf, quietStep, shareOfCore, withLoad } from '../windows.mjs';

const TIMES = 3;

/** From the write to the subscriber, with the server's loop less than half busy, and at 80%. */
export async function measureLatency({ native, server }) {
  return withLoad(native, ours(server), layoutOf({ streams: 20, viewers: 50 }), async (generator) => {
    const half = await atShare(generator, { share: 0.4, rate: 10 });
    const full = await atShare(generator, { share: 0.8, rate: half.rate * 2 });
    return {
      figures: [
        ...rowsOf('loop under half busy', half, { p50: 2, p99: 10 }),
        ...rowsOf('loop at 80%', full, { p99: 60 }),
      ],
      tables: { 'latency, 20 x 50': [tableRow(half), tableRow(full)] },
    };
  });
}

/** Finds the rate at which the server takes this share of its core, and measures there. */
async function atShare(generator, { share, rate }) {
  for (let i = 0; i < 6; i++) {
    const step = await generator.step({ rate, settleMs: 300, windowMs: 700 });
    const found = isClean(step) ? shareOfCore(step) : 1;
    if (Math.abs(found / share - 1) < 0.1) break;
    // The more a server gathers the less a point costs: steps are bounded, lest they swing.
    rate *= Math.min(2.5, Math.max(0.5, (share / found) ** 1.3));
  }
  const steps = [];
  for (let i = 0; i < TIMES; i++) steps.push(await quietStep(generator, { rate, windowMs: 2_000 }));
  return { rate, steps };
}

function rowsOf(when, { steps }, goals) {
  const trouble = steps.find((step) => !isClean(step));
  return Object.entries(goals).map(([name, goal]) => {
    const measure = `latency, ${when}: ${name} ms from 204 to the subscriber`;
    if (trouble) return notMeasured(measure, complaintOf(trouble));
    const accepted = median(steps.map((step) => step.accepted[name] / 1_000));
    const sent = median(steps.map((step) => step.sent[name] / 1_000));
    return figure({
      measure,
      goal: `at most ${goal}`,
      measured: String(round(accepted)),
      beside: `from the request, with the commit: ${round(sent)}`,
      ratio: accepted / goal,
      isMet: accepted <= goal,
    });
  });
}

function tableRow({ rate, steps }) {
  const middle = (of) => median(steps.map(of));
  return {
    'points/s of each stream': round(rate, 1),
    'server, % of a core': round(100 * middle(shareOfCore), 0),
    'PostgreSQL, % of a core': round(100 * middle(({ beside, wall }) => beside / wall), 0),
    'p50 ms from the request': round(middle(({ sent }) => sent.p50 / 1_000)),
    'p99 ms from the request': round(middle(({ sent }) => sent.p99 / 1_000)),
    'p50 ms from 204': round(middle(({ accepted }) => accepted.p50 / 1_000)),
    'p99 ms from 204': round(middle(({ accepted }) => accepted.p99 / 1_000)),
  };
}
