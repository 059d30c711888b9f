import { figure, notMeasured } from '../figure.mjs';
import { startGenerator } from '../generator.mjs';
import { quiet, round } from '../machine.mjs';
import { loadOf, startQuantumFlux } from '../quantumflux.mjs';

const MANY = Number(process.env.LIVE_CONNECTIONS ?? 10_000);

/** The first connections also bring code and caches into memory; from there on each costs the same. */
const FIRST = MANY / 10;

const SETTLE_MS = 2_000;
/** Rare enough that frames for all of them leave the server time for their return. */
const WRITE_MS = 1_000;
const AWAY_MS = 5_000;
const PATIENCE_MS = 90_000;

const many = MANY.toLocaleString('en');

/** Memory for each of many connections that do nothing, on a new server. */
export async function measureIdle({ native }) {
  const bytes = await onNewServer(native, { submsg: '', resumemsg: '' }, ({ generator }) => growth(generator));
  return { figures: [memoryRow(`memory per idle connection, ${many} of them: kB`, bytes, 27)] };
}

/** The same with subscriptions, and what happens when all come back at once. */
export async function measureReturn({ native }) {
  const watching = await onNewServer(native, {}, async ({ generator, server }) => ({
    bytes: await growth(generator),
    ...(await comeBack(generator, server)),
  }));
  return {
    figures: [memoryRow('memory per connection with 20 streams: kB', watching.bytes, 32), ...returnRows(watching)],
    tables: { [`${many} connections come back at once`]: [tableRow(watching)] },
  };
}

async function onNewServer(native, changes, work) {
  const server = await startQuantumFlux();
  try {
    await quiet();
    const load = {
      ...loadOf(server, { all: true, everyMs: WRITE_MS }),
      ...changes,
      streams: 20,
      subs: 20,
      conns: MANY,
      mark: FIRST,
    };
    const generator = await startGenerator(native.loadgen, load, { beside: server.beside });
    try {
      return await work({ generator, server });
    } finally {
      await generator.stop();
    }
  } finally {
    await server.stop();
  }
}

/** Bytes that the server's memory grew by for each connection after the first ones. */
async function growth(generator) {
  const { memoryKb } = await generator.idle(SETTLE_MS);
  return ((memoryKb - generator.ready.markKb) * 1_024) / (MANY - FIRST);
}

async function comeBack(generator, server) {
  await generator.step({ rate: 1, settleMs: 500, windowMs: 2_000 });
  const rowsBefore = (await server.journal()).rows;
  const readBefore = (await server.metricsNow())('quantumflux_journal_backfill_rows_total');
  const back = await generator.reconnect({ rate: 1, awayMs: AWAY_MS, patienceMs: PATIENCE_MS });
  // Since it was asked before; what was read of the journal is counted on.
  const metrics = await server.metricsNow();
  const rows = (await server.journal()).rows - rowsBefore;
  const after = await generator.step({ rate: 1, settleMs: 500, windowMs: 3_000 });
  return {
    back,
    rows,
    read: metrics('quantumflux_journal_backfill_rows_total') - readBefore,
    loopP99Ms: metrics('nodejs_eventloop_lag_p99_seconds') * 1_000,
    after,
  };
}

const memoryRow = (measure, bytes, goal) =>
  figure({
    measure,
    goal: `at most ${goal}`,
    measured: String(round(bytes / 1_000, 1)),
    ratio: bytes / 1_000 / goal,
    isMet: bytes <= goal * 1_000,
  });

function returnRows({ back, rows, read, loopP99Ms, after }) {
  const lost = after.missing + after.unmatched + after.lost;
  const name = `${many} reconnect at once`;
  return [
    figure({
      measure: `${name}: seconds until all are back`,
      goal: 'at most 60',
      measured:
        back.back === back.of
          ? String(round(back.seconds, 1))
          : `${back.back} of ${back.of} after ${PATIENCE_MS / 1_000}`,
      beside: `${back.retries} tries were in vain; afterwards ${lost} points were lost`,
      ratio: back.seconds / 60,
      isMet: back.back === back.of && back.seconds <= 60 && lost === 0,
    }),
    figure({
      measure: `${name}: event-loop p99, ms`,
      goal: 'under 200',
      measured: String(round(loopP99Ms, 0)),
      ratio: loopP99Ms / 200,
      isMet: loopP99Ms < 200,
    }),
    Number.isNaN(read)
      ? notMeasured(`${name}: journal rows read`, 'the server does not count them')
      : figure({
          measure: `${name}: journal rows read`,
          goal: 'none twice',
          measured: `${read} of ${rows} that were written meanwhile`,
          ratio: rows > 0 ? read / rows : undefined,
          isMet: read <= rows,
        }),
  ];
}

function tableRow({ back, loopP99Ms, read, rows }) {
  return {
    back: back.back,
    'last s': round(back.seconds, 2),
    'p50 s': round(back.p50, 2),
    'p99 s': round(back.p99, 2),
    'server CPU s': round(back.server),
    'PostgreSQL CPU s': round(back.beside),
    'load CPU s': round(back.own),
    'event-loop p99 ms': round(loopP99Ms, 0),
    'journal rows read': read,
    'rows written meanwhile': rows,
    MB: round(back.bytes / 1e6, 1),
  };
}
