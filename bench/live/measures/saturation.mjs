import { figure, notMeasured } from '../figure.mjs';
import { median, round } from '../machine.mjs';
import { ours, preframed } from '../peers.mjs';
import { isClean, layoutOf, quietStep, shareOfCore, withLoad } from '../windows.mjs';

const layout = layoutOf({ streams: 20, viewers: 50 });

/** Deliveries for each second of the server's CPU, as near to its most as windows stay clean. */
export async function measureSaturation({ native, server, rounds }) {
  const candidates = [
    ours(server),
    ours(server, { name: 'QuantumFlux, written in columns', write: 'columns' }),
    preframed,
  ].map((peer) => ({ peer, rate: undefined, steps: [], trouble: undefined }));
  const [json, columns, ws] = candidates;
  // At its own most a frame of `ws` has a hundred times the points, which says more of what comes in than of what goes out.
  const wsAlike = { ...ws, steps: [], alike: columns };
  for (let i = 0; i < rounds; i++) {
    for (const each of [...candidates, wsAlike]) {
      try {
        each.rate ??= each.alike ? each.alike.rate : await findMost(native, each.peer);
        await withLoad(native, each.peer, layout, async (generator) => {
          await generator.step({ rate: each.rate / 4, settleMs: 200, windowMs: 300 });
          const step = await quietStep(generator, { rate: each.rate, windowMs: 1_500 });
          if (step.aborted === '' && step.closed === 0) each.steps.push(step);
        });
      } catch (error) {
        each.trouble = error.message;
      }
    }
  }
  return {
    figures: [rowOf(json, ws), rowOf(columns, ws), rowOf(columns, wsAlike)],
    tables: { 'saturation, 20 x 50': [...candidates, wsAlike].map(tableRow) },
  };
}

/** Twice as much, until it is too much; then what is between. */
async function findMost(native, peer) {
  let clean;
  let tooMuch;
  for (let tries = 0, rate = 500; tries < 12; tries++) {
    const step = await withLoad(native, peer, layout, async (generator) => {
      let last;
      do {
        last = await generator.step({ rate, settleMs: 300, windowMs: 700 });
        if (!isClean(last)) break;
        clean = rate;
        if (tooMuch && tooMuch / clean < 1.2) break;
        rate = tooMuch
          ? Math.sqrt(clean * tooMuch)
          : rate * (shareOfCore(last) < 0.3 && last.own / last.wall < 0.3 ? 4 : 2);
      } while (tries++ < 12);
      return last;
    });
    if (!isClean(step)) tooMuch = rate;
    if (clean === undefined) rate /= 4;
    else if (!tooMuch || tooMuch / clean < 1.2) break;
    else rate = Math.sqrt(clean * tooMuch);
  }
  if (clean === undefined) throw new Error(`${peer.name} could not have the lowest rate.`);
  return clean;
}

const efficiency = ({ received, server }) => received / server;

function rowOf({ peer, steps, trouble }, ws) {
  const measure = `saturation, 20 x 50, ${peer.name}: deliveries per second of server CPU`;
  if (steps.length === 0 || ws.steps.length === 0)
    return notMeasured(measure, trouble ?? ws.trouble ?? 'nothing was clean');
  const [mine, theirs] = [median(steps.map(efficiency)), median(ws.steps.map(efficiency))];
  return figure({
    measure,
    goal: `at least 0.9 x ${ws.peer.name}${ws.alike ? ', at the same rate' : ''}`,
    measured: `${millions(mine)} : ${millions(theirs)}`,
    beside: `with PostgreSQL ${millions(median(steps.map(({ received, server, beside }) => received / (server + beside))))}`,
    ratio: mine / theirs,
    isMet: mine >= 0.9 * theirs,
  });
}

function tableRow({ peer, rate, steps, trouble }) {
  if (steps.length === 0) return { peer: peer.name, trouble };
  const middle = (of) => median(steps.map(of));
  return {
    peer: peer.name,
    'points/s of each stream': round(rate, 0),
    'deliveries/s': millions(middle(({ received, wall }) => received / wall)),
    'deliveries per CPU s': millions(middle(efficiency)),
    'server, % of a core': round(100 * middle(shareOfCore), 0),
    'load, % of a core': round(100 * middle(({ own, wall }) => own / wall), 0),
    'p99 ms': round(middle(({ sent }) => sent.p99 / 1_000)),
    'bytes/point': round(middle(({ bytes, received }) => bytes / received)),
  };
}

const millions = (value) => `${round(value / 1e6)} M`;
