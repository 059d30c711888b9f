import { figure, notMeasured } from '../figure.mjs';
import { isInstalled, median, round } from '../machine.mjs';
import { ours } from '../peers.mjs';
import { startTwoNodes } from '../quantumflux.mjs';
import { complaintOf, isClean, layoutOf, quietStep, serverCost, totalCost, withLoad } from '../windows.mjs';

const RATES = [10, 100];
const layout = layoutOf({ streams: 20, viewers: 50 });

/** The same subscribers at two servers with Redis between them, and at one without; one writer, at the first. */
export async function measureNodes({ native, server, rounds }) {
  const measure = (rate) => `two nodes and Redis, 20 x 50, ${rate} points/s: servers' us per delivery`;
  if (!isInstalled('redis-server')) {
    return { figures: RATES.map((rate) => notMeasured(measure(rate), 'redis-server is not installed')) };
  }
  const two = await startTwoNodes();
  const steps = new Map(RATES.flatMap((rate) => [`one ${rate}`, `two ${rate}`].map((key) => [key, []])));
  let trouble = 'nothing was clean';
  try {
    for (let i = 0; i < rounds; i++) {
      for (const [name, target] of Object.entries({ one: server, two })) {
        await withLoad(native, ours(target), layout, async (generator) => {
          await generator.step({ rate: 10, settleMs: 200, windowMs: 300 });
          for (const rate of RATES) {
            const step = await quietStep(generator, { rate });
            if (isClean(step)) steps.get(`${name} ${rate}`).push(step);
            else trouble = `${name}: ${complaintOf(step)}`;
          }
        });
      }
    }
  } finally {
    await two.stop();
  }
  return {
    figures: RATES.map((rate) => {
      const [mine, alone] = [steps.get(`two ${rate}`), steps.get(`one ${rate}`)];
      if (mine.length === 0 || alone.length === 0) return notMeasured(measure(rate), trouble);
      const cost = (of, all) => median(all.map(of));
      const ratio = cost(serverCost, mine) / cost(serverCost, alone);
      return figure({
        measure: measure(rate),
        goal: 'at most 1.1 x one node',
        measured: `${round(cost(serverCost, mine), 3)} : ${round(cost(serverCost, alone), 3)}`,
        beside: `with PostgreSQL and Redis ${round(cost(totalCost, mine), 3)} : ${round(cost(totalCost, alone), 3)}`,
        ratio,
        isMet: ratio <= 1.1,
      });
    }),
  };
}
