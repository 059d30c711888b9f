import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort, isInstalled, start, startNode } from './machine.mjs';
import { loadOf } from './quantumflux.mjs';

// A peer has a name and `start()`, which resolves to { load, beside?, stop }: the keys for the load generator, whose CPU
// is counted beside the server's, and what ends it.

const onePort = async (config, begin) => {
  const port = await freePort();
  const { pid, stop } = await begin(port);
  return { load: { ...config, ports: port, pubport: port, pids: pid }, stop };
};

const blocks = { pub: 'ws', pubpath: '/pub', payload: 'blocks', tick: 5_000 };
const eachTurn = { ...blocks, tick: 1_000 };
const socketIo = { sub: 'sio', path: '/socket.io/?EIO=4&transport=websocket', submsg: '42["sub",{s}]', suback: '"ok"' };
const webSocket = { sub: 'ws', submsg: '{s}', suback: 'ok' };

export const rooms = {
  name: 'socket.io rooms, an event a point',
  start: () =>
    onePort(
      { ...socketIo, pub: 'sio', pubpath: socketIo.path, pubmsg: '42["pub",{"s":{s},"t":{t},"v":{v}}]', tick: 5_000 },
      (port) => startNode('sio.mjs', [port, 'rooms']),
    ),
};

export const direct = {
  name: 'socket.io, written past it, every 50 ms',
  start: () => onePort({ ...socketIo, ...blocks }, (port) => startNode('sio.mjs', [port, 'direct', 50])),
};

export const preframed = {
  name: 'ws preframed, every 50 ms',
  start: () => onePort({ ...webSocket, ...blocks }, (port) => startNode('ws.mjs', [port, 50])),
};

export const preframedTurn = {
  name: 'ws preframed, every turn',
  start: () => onePort({ ...webSocket, ...eachTurn }, (port) => startNode('ws.mjs', [port, 0])),
};

/** The kernel alone. */
export const floor = (program) => ({
  name: 'floor in C, every 50 ms',
  start: () => onePort({ ...webSocket, ...blocks }, (port) => start(program, [port, 50])),
});

export const floorRead = (program) => ({
  name: 'floor in C, every read',
  start: () => onePort({ ...webSocket, ...eachTurn }, (port) => start(program, [port, 0])),
});

export const mosquitto = {
  name: 'mosquitto over WebSocket, a message a point',
  missing: () => (isInstalled('mosquitto') ? undefined : 'mosquitto is not installed'),
  async start() {
    const [port, webPort] = [await freePort(), await freePort()];
    const dir = await mkdtemp(join(tmpdir(), 'quantumflux-bench-'));
    const file = join(dir, 'mosquitto.conf');
    const settings = [
      ...(process.getuid?.() === 0 ? ['user root'] : []),
      'allow_anonymous true',
      'persistence false',
      'set_tcp_nodelay true',
      'log_type none',
      `listener ${port} 127.0.0.1`,
      'protocol mqtt',
      `listener ${webPort} 127.0.0.1`,
      'protocol websockets',
    ];
    await writeFile(file, `${settings.join('\n')}\n`);
    const broker = await start('mosquitto', ['-c', file], { waitFor: 'port', port: webPort });
    const message = '{"t":{t},"v":{v}}';
    return {
      load: {
        sub: 'mqttws',
        path: '/mqtt',
        pub: 'mqtt',
        pubmsg: message,
        tick: 5_000,
        ports: webPort,
        pubport: port,
        pids: broker.pid,
      },
      async stop() {
        await broker.stop();
        await rm(dir, { recursive: true, force: true });
      },
    };
  },
};

/** A server that runs already, and goes on afterwards. */
export const ours = (server, { name = 'QuantumFlux', ...options } = {}) => ({
  name,
  start: async () => ({ load: loadOf(server, options), beside: server.beside, stop: async () => undefined }),
});
