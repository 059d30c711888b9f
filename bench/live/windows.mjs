import { startGenerator } from './generator.mjs';
import { quiet } from './machine.mjs';

/** A window in which others took more than this share of a core is measured once more, and the quieter one counts. */
const NOISE = Number(process.env.NOISE ?? 0.3);

/** `streams`, each with `viewers`; `each` connection has so many of them. */
export const layoutOf = ({ streams, viewers, each = 1 }) => ({
  streams,
  subs: each,
  conns: (streams * viewers) / each,
});

/** Starts a peer and its load, hands both to `work`, and ends them whatever happens. */
export async function withLoad(native, peer, layout, work) {
  const running = await peer.start();
  try {
    const load = { ...running.load, ...layout };
    const generator = await startGenerator(native.loadgen, load, { beside: running.beside });
    try {
      return await work(generator);
    } finally {
      await generator.stop();
    }
  } finally {
    await running.stop();
  }
}

/** One window, on a machine as quiet as can be had. */
export async function quietStep(generator, options) {
  await quiet();
  const first = await generator.step(options);
  if (first.foreign / first.wall <= NOISE || first.closed > 0) return first;
  await quiet();
  const second = await generator.step(options);
  return second.foreign / second.wall < first.foreign / first.wall ? second : first;
}

/**
 * Whether a server keeps up: nothing was lost, refused or ended, and what was offered was delivered (a server that gathers points
 * may hold the newest of them back).
 */
export function isClean(step) {
  const { aborted, closed, missing, refused, unmatched, lost, received, offered, behind, wall, sent } = step;
  return (
    aborted === '' &&
    closed + missing + refused + unmatched + lost === 0 &&
    sent.p99 < 5e5 &&
    (received >= 0.97 * offered || (received >= 0.9 * offered && behind <= (0.12 * offered) / wall))
  );
}

/** Why it does not, in words. */
export function complaintOf({ aborted, closed, missing, refused, unmatched, lost, received, offered }) {
  const counts = Object.entries({ closed, missing, refused, unmatched, lost }).filter(([, count]) => count > 0);
  return [aborted, ...counts.map(([name, count]) => `${count} ${name}`), `${received} of ${offered} delivered`]
    .filter((part) => part !== '')
    .join(', ');
}

/** Microseconds of CPU for each point that was delivered: of the servers, and with what they stand on. */
export const serverCost = ({ server, received }) => (server * 1e6) / received;
export const totalCost = ({ server, beside, received }) => ((server + beside) * 1e6) / received;

export const shareOfCore = ({ server, wall }) => server / wall;
