import { once } from 'node:events';
import { connect } from 'node:net';

/** What a server may take at most in one measurement, so that none runs away. */
const MAX_REQUESTS = 500_000;

/** Bodies of `POST /api/v1/points` whose times are written into one buffer, so that making them costs next to nothing. */
export function pointsBody({ streams, perStream }) {
  let text = '{"streams":[';
  const places = [];
  for (let stream = 0; stream < streams; stream++) {
    text += `${stream ? ',' : ''}{"stream":"bench.s${stream}","points":[`;
    for (let i = 0; i < perStream; i++) {
      text += `${i ? ',' : ''}[`;
      places.push({ at: text.length, i });
      text += `0000000000000,${(20 + ((stream * 7_919 + i * 104_729) % 10_000) / 100).toFixed(2)}]`;
    }
    text += ']}';
  }
  const buffer = Buffer.from(`${text}]}`);
  let time = Date.now();
  return {
    buffer,
    /** Moves all times on. */
    next() {
      time += perStream * 100;
      const digits = Array.from({ length: perStream }, (_, i) => Buffer.from(String(time + i * 100)));
      for (const { at, i } of places) digits[i].copy(buffer, at);
    },
  };
}

/**
 * Sends requests over so many connections, each the next one when the last is answered, but not before `everyMs` have
 * passed; how many per second were acknowledged, and how long that took each.
 */
export async function load({ port, key }, { connections, body, ms, everyMs = 0 }) {
  const head = Buffer.from(
    `POST /api/v1/points HTTP/1.1\r\nHost: bench\r\nAuthorization: Bearer ${key}\r\nContent-Type: application/json\r\nContent-Length: ${body.buffer.length}\r\n\r\n`,
  );
  const taken = [];
  let [sent, refused] = [0, 0];
  const sockets = await Promise.all(Array.from({ length: connections }, () => open(port)));
  const start = performance.now();
  const end = start + ms;

  async function run(socket, index) {
    // Spread over the interval, as senders that know nothing of each other are.
    if (everyMs > 0) await until(start + (index / connections) * everyMs);
    for (
      let turn = performance.now();
      turn < end && sent < MAX_REQUESTS;
      turn = Math.max(turn + everyMs, performance.now())
    ) {
      if (everyMs > 0) await until(turn);
      sent += 1;
      body.next();
      const began = performance.now();
      socket.write(Buffer.concat([head, body.buffer]));
      const status = await answer(socket);
      if (status === 204) taken.push(performance.now() - began);
      else refused += 1;
    }
  }
  await Promise.all(sockets.map(run));
  const seconds = (performance.now() - start) / 1_000;
  for (const socket of sockets) socket.destroy();
  return { count: taken.length, perSecond: taken.length / seconds, refused, ...percentiles(taken) };
}

/** The middle and the slow end of some durations. */
export function percentiles(durations) {
  const sorted = Float64Array.from(durations).sort();
  const at = (share) => sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))];
  return { p50: at(0.5), p99: at(0.99) };
}

async function open(port) {
  const socket = connect({ port, host: '127.0.0.1', noDelay: true });
  await once(socket, 'connect');
  return socket;
}

/** The status of the next answer. A 204 ends with its head; after anything else the rest is not waited for. */
function answer(socket) {
  return new Promise((resolve, reject) => {
    let text = '';
    const done = (settle, value) => {
      socket.off('data', hear).off('close', gone);
      settle(value);
    };
    const hear = (part) => {
      text += part.toString('latin1');
      if (text.includes('\r\n\r\n')) done(resolve, Number(text.slice(9, 12)));
    };
    const gone = () => done(reject, new Error('the server hung up'));
    socket.on('data', hear).on('close', gone);
  });
}

function until(time) {
  return new Promise((resolve) => setTimeout(resolve, Math.max(0, time - performance.now())));
}
