import { figure, notMeasured } from '../figure.mjs';
import { median, round } from '../machine.mjs';
import * as peers from '../peers.mjs';
import {
  complaintOf,
  isClean,
  layoutOf,
  quietStep,
  serverCost,
  shareOfCore,
  totalCost,
  withLoad,
} from '../windows.mjs';

/** What a peer that cannot have a rate is asked for instead; its cost at its most stands for all higher rates. */
const DOWN = [500, 200, 75, 50, 35, 25, 15, 10];

/** Below this share of its core a peer is not at its most: something else was in the way, and the window is measured again. */
const BUSY = 0.8;
const MAX_RETRIES = 3;

const ONE = { title: '20 x 50, one stream per connection', ...layoutOf({ streams: 20, viewers: 50 }) };
const TEN = { title: '20 x 50, ten streams per connection', ...layoutOf({ streams: 20, viewers: 50, each: 10 }) };
const AUDIENCE = { title: '500 viewers of the same 20 streams', ...layoutOf({ streams: 20, viewers: 500, each: 20 }) };

/** `LIVE_PEERS=QuantumFlux,ws` measures only peers whose names begin so. */
const wanted = process.env.LIVE_PEERS?.split(',') ?? [''];

/** CPU of the server for each point that reaches a subscriber, beside the peers, one round after the other. */
export async function measureFanOut({ native, server, rounds }) {
  const { rooms, direct, preframed, preframedTurn, mosquitto } = peers;
  const [floor, floorRead] = [peers.floor(native.floor), peers.floorRead(native.floor)];
  const gathered = peers.ours(server, { name: 'QuantumFlux, written every 50 ms', everyMs: 50 });
  const atOnce = peers.ours(server, { name: 'QuantumFlux, written every 5 ms' });
  const viaSocket = peers.ours(server, { name: 'QuantumFlux, over a WebSocket every 5 ms', write: 'socket' });
  const rates = [10, 100, 1_000];

  const all = [rooms, preframed, preframedTurn, direct, mosquitto, floor, floorRead];
  const one = await compare({ native, rounds, layout: ONE, rates }, [gathered, atOnce, viaSocket, ...all]);
  const ten = await compare({ native, rounds, layout: TEN, rates }, [
    gathered,
    atOnce,
    rooms,
    direct,
    floor,
    floorRead,
  ]);
  const together = { all: true, everyMs: 50, name: gathered.name };
  const audience = await compare({ native, rounds, layout: AUDIENCE, rates: [10] }, [
    peers.ours(server, together),
    rooms,
    floor,
  ]);

  // Whoever gathers is compared with who gathers, and who sends at once with who does too.
  const against = (table, [us, peer], rate, goal, text) =>
    goalRow({ table, ours: us.name, peer: peer.name, rate, goal, text });
  return {
    figures: [
      ...rates.map((rate, i) =>
        against(one, [gathered, rooms], rate, [1 / 2, 1 / 5, 1 / 45][i], ['1/2', '1/5', '1/45'][i]),
      ),
      ...rates.map((rate) => against(one, [gathered, preframed], rate, 1.1, '1.1')),
      ...rates.map((rate) => against(one, [atOnce, preframedTurn], rate, 1.1, '1.1')),
      ...rates.map((rate, i) =>
        against(ten, [gathered, rooms], rate, [1 / 6, 1 / 25, 1 / 150][i], ['1/6', '1/25', '1/150'][i]),
      ),
      ...rates.map((rate) => against(ten, [gathered, floor], rate, 2, '2')),
      ...rates.map((rate) => against(ten, [atOnce, floorRead], rate, 2, '2')),
      against(audience, [gathered, rooms], 10, 1 / 15, '1/15'),
    ],
    tables: Object.fromEntries(
      [one, ten, audience].map(({ layout, rows }) => [`CPU per delivery: ${layout.title}`, rows()]),
    ),
  };
}

/** All peers at all rates, `rounds` times in turn. */
async function compare({ native, rounds, layout, rates }, candidates) {
  const { streams, subs, conns } = layout;
  const cells = new Map();
  const cell = (name, rate) => {
    const key = `${name} ${rate}`;
    if (!cells.has(key)) cells.set(key, { name, rate, steps: [], at: rate, retries: 0, trouble: undefined });
    return cells.get(key);
  };
  for (let round_ = 0; round_ < rounds; round_++) {
    for (const peer of candidates.filter(({ name }) => wanted.some((begin) => name.startsWith(begin)))) {
      const missing = peer.missing?.();
      const left = rates.map((rate) => cell(peer.name, rate));
      try {
        if (missing) throw new Error(missing);
        // A peer that lost connections or points is started again for what is left.
        while (left.length > 0)
          await withLoad(native, peer, { streams, subs, conns }, (generator) => measureCells(generator, left));
      } catch (error) {
        for (const each of left) each.trouble = error.message;
      }
    }
  }
  return {
    layout,
    costOf: (name, rate) =>
      cells.get(`${name} ${rate}`)?.steps.length ? summary(cells.get(`${name} ${rate}`)) : undefined,
    troubleOf: (name, rate) => cells.get(`${name} ${rate}`)?.trouble,
    rows: () => [...cells.values()].map(rowOf),
  };
}

/** Takes from `left` what it has measured; comes back early when the peer must be started again. */
async function measureCells(generator, left) {
  // Compilers and caches get warm.
  await generator.step({ rate: Math.min(30, left[0].at), settleMs: 200, windowMs: 600 });
  while (left.length > 0) {
    const [current] = left;
    const step = await quietStep(generator, { rate: current.at, windowMs: 1_000 });
    if (isClean(step)) {
      // What stands for one rate stands for all higher ones.
      const isMost = current.at < current.rate;
      for (const each of isMost ? left.splice(0) : [left.shift()]) each.steps.push(step);
      continue;
    }
    const lower = DOWN.find((rate) => rate < current.at);
    if (shareOfCore(step) < BUSY && current.retries++ < MAX_RETRIES) {
      // As before.
    } else if (lower === undefined || current.steps.length > 0) {
      current.trouble = complaintOf(step);
      left.shift();
    } else {
      for (const each of left) each.at = lower;
    }
    if (step.aborted || step.closed || step.missing) return;
  }
}

function summary({ steps, at, rate }) {
  const middle = (of) => median(steps.map(of));
  return {
    at,
    isSaturated: at < rate,
    server: middle(serverCost),
    total: middle(totalCost),
    core: middle(({ server, wall }) => (100 * server) / wall),
    p50: middle(({ sent }) => sent.p50 / 1_000),
    p99: Math.min(...steps.map(({ sent }) => sent.p99 / 1_000)),
    bytes: middle(({ bytes, received }) => bytes / received),
    foreign: middle(({ foreign, wall }) => (100 * foreign) / wall),
  };
}

function rowOf(cell) {
  const { name, rate, steps, trouble } = cell;
  if (steps.length === 0) return { peer: name, 'points/s': rate, trouble };
  const of = summary(cell);
  return {
    peer: name,
    'points/s': of.isSaturated ? `${rate}: has ${of.at}` : rate,
    'server us': round(of.server, 3),
    'with PostgreSQL us': round(of.total, 3),
    'server, % of a core': round(of.core, 0),
    'p50 ms': round(of.p50),
    'p99 ms': round(of.p99),
    'bytes/point': round(of.bytes, 1),
    'others, % of a core': round(of.foreign, 0),
    ...(trouble ? { trouble } : {}),
  };
}

function goalRow({ table, ours, peer, rate, goal, text }) {
  const measure = `${table.layout.title}, ${rate} points/s: us per delivery, ${ours}`;
  const [mine, theirs] = [table.costOf(ours, rate), table.costOf(peer, rate)];
  for (const [name, cost] of [
    [ours, mine],
    [peer, theirs],
  ]) {
    if (!cost) return notMeasured(measure, `${name}: ${table.troubleOf(name, rate) ?? 'was left out'}`);
  }
  if (mine.isSaturated) return notMeasured(measure, `saturated: has ${mine.at} points/s`);
  const ratio = mine.server / theirs.server;
  const at = theirs.isSaturated ? `, at its most (${theirs.at} points/s)` : '';
  return figure({
    measure,
    goal: `${text} x ${peer}`,
    measured: `${round(mine.server, 3)} : ${round(theirs.server, 3)}${at}`,
    beside: `with PostgreSQL ${round(mine.total, 3)}`,
    ratio,
    isMet: ratio <= goal,
  });
}
