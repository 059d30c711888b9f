import { figure, notMeasured } from '../figure.mjs';
import { round } from '../machine.mjs';
import { ours } from '../peers.mjs';
import { complaintOf, isClean, quietStep, withLoad } from '../windows.mjs';

/** One stream, two decimals, even times; `rate` a second, so that one write is done before the next. */
const GOALS = [
  { points: 5, rate: 200, goal: 9 },
  { points: 50, rate: 1_000, goal: 2.5 },
  { points: 500, rate: 1_000, goal: 1.5 },
];

/** What a point takes on TCP: frame, head of the WebSocket and all, as its subscribers receive it. */
export async function measureBytes({ native, server }) {
  const figures = [];
  await withLoad(native, ours(server), { streams: 1, conns: 10, subs: 1 }, async (generator) => {
    for (const { points, rate, goal } of GOALS) {
      generator.gather((1_000 * points) / rate);
      const step = await quietStep(generator, { rate, settleMs: 1_000, windowMs: 3_000 });
      const measure = `bytes on TCP per point, ${points} points a write, two decimals`;
      if (!isClean(step)) {
        figures.push(notMeasured(measure, complaintOf(step)));
        continue;
      }
      const bytes = step.bytes / step.received;
      figures.push(
        figure({
          measure,
          goal: `at most ${goal}`,
          measured: String(round(bytes)),
          beside: `${round(step.received / step.messages, 1)} points a message`,
          ratio: bytes / goal,
          isMet: bytes <= goal,
        }),
      );
    }
  });
  return { figures };
}
