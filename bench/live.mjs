import { build } from '../scripts/build.mjs';
import { notMeasured } from './live/figure.mjs';
import { isInstalled } from './live/machine.mjs';
import { measureBytes } from './live/measures/bytes.mjs';
import { measureIdle, measureReturn } from './live/measures/connections.mjs';
import { measureFanOut } from './live/measures/fan-out.mjs';
import { measureLatency } from './live/measures/latency.mjs';
import { measureNodes } from './live/measures/nodes.mjs';
import { measureSaturation } from './live/measures/saturation.mjs';
import { buildNative } from './live/native.mjs';
import { startQuantumFlux } from './live/quantumflux.mjs';

const measures = {
  fanout: measureFanOut,
  saturation: measureSaturation,
  latency: measureLatency,
  bytes: measureBytes,
  nodes: measureNodes,
  idle: measureIdle,
  return: measureReturn,
};

/** Each is measured so often, in turn with the others: a machine is not the same for long. What is told is the median. */
const ROUNDS = Number(process.env.LIVE_ROUNDS ?? 3);

/**
 * Live delivery beside what others do: all servers on one core, all that loads them on another. `LIVE=fanout,bytes` measures only
 * those.
 */
export async function measure() {
  const wanted = process.env.LIVE?.split(',') ?? Object.keys(measures);
  const unknown = wanted.filter((name) => !(name in measures));
  if (unknown.length > 0)
    throw new Error(`LIVE names ${unknown.join(', ')}; there are: ${Object.keys(measures).join(', ')}.`);
  const missing = process.platform === 'linux' ? ['gcc', 'taskset'].filter((name) => !isInstalled(name)) : ['Linux'];
  if (missing.length > 0) return { figures: [notMeasured('live delivery', `needs ${missing.join(' and ')}`)] };

  await build(['database', 'sdk', 'server']);
  const native = buildNative();
  const server = await startQuantumFlux();
  const figures = [];
  const tables = {};
  try {
    for (const name of wanted) {
      const began = performance.now();
      try {
        const result = await measures[name]({ native, server, rounds: ROUNDS });
        figures.push(...result.figures);
        Object.assign(tables, result.tables);
      } catch (error) {
        figures.push(notMeasured(name, `failed: ${error.message}`));
      }
      console.log(`live: ${name} took ${Math.round((performance.now() - began) / 1_000)} s`);
    }
  } finally {
    await server.stop();
  }
  return { ...tables, figures };
}
