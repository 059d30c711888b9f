import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { childrenOf } from '../ingest/cpu.mjs';
import { sender } from '../ingest/load.mjs';
import { metricsOf, ready, startBenchServer } from '../ingest/server.mjs';
import { freePort, onServerCpu, start } from './machine.mjs';

const STREAMS = 20;
const nameOf = (stream) => `bench.live.s${stream}`;

/**
 * QuantumFlux as its users run and reach it: the built server with an embedded PostgreSQL, both on the server's core. Its
 * streams exist, so that their ids are known. `env` is the server's.
 */
export async function startQuantumFlux({ env = {} } = {}) {
  const server = await startBenchServer({ pin: onServerCpu, port: await freePort(), env });
  try {
    const ids = await createStreams(server);
    return {
      ...server,
      ids,
      ports: [server.port],
      pids: [server.pid],
      /** PostgreSQL: its processes come and go with the connections to it. */
      beside: () => [server.postmaster, ...childrenOf(server.postmaster)],
      /** What it tells of itself by name. */
      metricsNow: () => metricsOf(server.port),
    };
  } catch (error) {
    await server.stop();
    throw error;
  }
}

/** Two servers on one database, with Redis between them: half of the subscribers are at each. */
export async function startTwoNodes() {
  const redis = await startRedis();
  const secrets = {
    TOKEN_SECRET: randomBytes(48).toString('base64'),
    PASSWORD_PEPPER: randomBytes(48).toString('base64'),
  };
  const env = { ...secrets, REDIS_URL: redis.url };
  const stops = [redis.stop];
  const stop = async () => {
    for (const each of stops.reverse()) await each();
  };
  try {
    const first = await startQuantumFlux({ env });
    stops.push(first.stop);
    const second = await startSecond({ ...env, DATABASE_URL: first.ownDatabase, BOOTSTRAP_SECRET_KEY: first.key });
    stops.push(second.stop);
    return {
      ...first,
      ports: [first.port, second.port],
      pids: [first.pid, second.pid],
      beside: () => [...first.beside(), redis.pid],
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function startSecond(env) {
  const port = await freePort();
  const dir = await mkdtemp(join(tmpdir(), 'quantumflux-bench-'));
  const program = join(import.meta.dirname, '../../server/dist/main.js');
  const nodeArgs = process.env.BENCH_NODE_ARGS?.split(' ') ?? [];
  const server = await start(process.execPath, [...nodeArgs, program], {
    waitFor: 'nothing',
    env: { ...env, DATA_DIR: dir, PORT: String(port), HOST_METRICS: 'off' },
  });
  server.child.stdout.resume();
  const stop = async () => {
    await server.stop();
    await rm(dir, { recursive: true, force: true });
  };
  try {
    await ready(`http://127.0.0.1:${port}/ready`, server.child);
  } catch (error) {
    await stop();
    throw error;
  }
  return { port, pid: server.pid, stop };
}

async function startRedis() {
  const port = await freePort();
  const options = ['--port', port, '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no', '--dir', tmpdir()];
  const redis = await start('redis-server', options, { waitFor: 'port', port });
  return { url: `redis://127.0.0.1:${port}`, pid: redis.pid, stop: redis.stop };
}

async function createStreams(server) {
  const names = Array.from({ length: STREAMS }, (_, stream) => nameOf(stream));
  const body = JSON.stringify({ streams: names.map((stream) => ({ stream, points: [[Date.now() - 60_000, 20]] })) });
  const writer = await sender(server);
  const status = await writer.send({ path: '/api/v1/points', type: 'application/json', body });
  writer.close();
  if (status !== 204) throw new Error(`The first points were answered ${status}.`);
  const response = await fetch(`http://127.0.0.1:${server.port}/api/v1/streams?select=bench.live.*`, {
    headers: { authorization: `Bearer ${server.key}` },
  });
  const { streams } = await response.json();
  const idOf = new Map(streams.map(({ stream, id }) => [stream, id]));
  return names.map((name) => idOf.get(name));
}

/**
 * What the load needs to know of a server: bare frames, JSON over HTTP with one request under way. `all`: a connection has one
 * subscription of all streams, as a dashboard's chart of many lines; else one for each of its streams. The writer gathers points
 * for `everyMs`.
 */
export function loadOf({ key, ids, ports, pids }, { all = false, write = 'http', everyMs = 5 } = {}) {
  const selector = all ? 'bench.live.*' : 'bench.live.s{s}';
  const writes = {
    http: {
      pub: 'http',
      payload: 'streams',
      pubheader: [`Authorization: Bearer ${key}`, 'Content-Type: application/json'],
    },
    columns: {
      pub: 'http',
      payload: 'columns',
      pubheader: [`Authorization: Bearer ${key}`, 'Content-Type: application/vnd.quantumflux.columns'],
    },
    socket: {
      pub: 'socket',
      payload: 'streams',
      pubheader: [`Authorization: Bearer ${key}`, 'Sec-WebSocket-Protocol: quantumflux.points.v1'],
    },
  };
  return {
    ports: ports.join(','),
    pids: pids.join(','),
    pubport: ports[0],
    ids: ids.join(','),
    name: 'bench.live.s%d',
    frames: 1,
    once: all ? 1 : 0,
    sub: 'sio',
    path: '/socket.io/?EIO=4&transport=websocket',
    connect: `40${JSON.stringify({ protocol: 2, key, frames: 'bare' })}`,
    submsg: `42{n}["subscribe",{"selector":"${selector}"}]`,
    resumemsg: `42{n}["subscribe",{"selector":"${selector}","resume":{position}}]`,
    suback: '"ok":true',
    pubpath: '/api/v1/points',
    tick: everyMs * 1_000,
    ...writes[write],
  };
}
