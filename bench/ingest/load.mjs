import { once } from 'node:events';
import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

/** How often it is looked who is due, in ms. A timer for each connection would be the larger part of the load. */
const TICK_MS = 1;

/** Between the last connection and the first write, in ms. */
const SETTLE_MS = 300;

/** A 204 ends with its head, by these two bytes. */
const END = Buffer.from('\n\r\n');

/**
 * Sends the bodies, each over a connection of its own: the next one when the last is answered or, with `everyMs`, in
 * turn over that time, whatever the others do. How many per second were acknowledged, and how long it took each, from
 * its first byte sent to the answer.
 */
export async function load(server, { bodies, ms, everyMs = 0 }) {
  const taken = [];
  let refused = 0;
  let skipped = 0;
  const senders = await Promise.all(bodies.map((body) => openSender(server, body)));
  // What it costs to take a thousand connections at once is not a part of writing over them.
  await sleep(SETTLE_MS);
  const start = performance.now();
  const end = start + ms;

  const answered = (sender) => (status, tookMs) => {
    if (status === 204) taken.push(tookMs);
    else refused += 1;
    if (everyMs === 0 && performance.now() < end) sender.send(answered(sender));
  };
  const send = (sender) => (sender.isWaiting ? (skipped += 1) : sender.send(answered(sender)));

  if (everyMs === 0) senders.forEach(send);
  let turn = 0;
  await new Promise((resolve) => {
    const timer = setInterval(() => {
      const now = performance.now();
      const due = everyMs === 0 ? 0 : (Math.min(now - start, ms) / everyMs) * senders.length;
      for (; turn < due; turn++) send(senders[turn % senders.length]);
      if (now < end || senders.some(({ isWaiting }) => isWaiting)) return;
      clearInterval(timer);
      resolve();
    }, TICK_MS);
  });
  const seconds = (performance.now() - start) / 1_000;
  for (const { close } of senders) close();
  return { count: taken.length, perSecond: taken.length / seconds, refused, skipped, ...percentiles(taken) };
}

/** The middle and the slow end of some durations. */
export function percentiles(durations) {
  const sorted = Float64Array.from(durations).sort();
  const at = (share) => sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))];
  return { p50: at(0.5), p99: at(0.99) };
}

/** One connection; a request is sent after the answer to the one before, and `onAnswer` hears its status. */
async function connectTo({ port, key }) {
  const socket = connect({ port, host: '127.0.0.1', noDelay: true });
  await once(socket, 'connect');
  let hear;
  let status = 0;

  const tell = (heard) => {
    const told = hear;
    hear = undefined;
    told?.(heard);
  };
  socket.on('data', (part) => {
    if (status === 0) status = Number(part.latin1Slice(9, 12));
    if (status !== 204 || part.subarray(-3).equals(END)) tell(status);
  });
  socket.on('close', () => tell(0));

  return {
    headOf: ({ path, type }, length) =>
      Buffer.from(
        `POST ${path} HTTP/1.1\r\nHost: bench\r\nAuthorization: Bearer ${key}\r\nContent-Type: ${type}\r\nContent-Length: ${length}\r\n\r\n`,
      ),
    get isWaiting() {
      return hear !== undefined;
    },
    send(bytes, onAnswer) {
      hear = onAnswer;
      status = 0;
      socket.write(bytes);
    },
    close: () => socket.destroy(),
  };
}

/** One connection for requests of any kind, one after the other; each resolves to its status. */
export async function sender(server) {
  const connection = await connectTo(server);
  return {
    send({ path, type, body }) {
      const bytes = Buffer.from(body);
      const head = connection.headOf({ path, type }, bytes.length);
      return new Promise((resolve) => connection.send(Buffer.concat([head, bytes]), resolve));
    },
    close: connection.close,
  };
}

/** One connection that sends its request again and again, with the times of then. */
async function openSender(server, request) {
  const connection = await connectTo(server);
  const { body, next } = request;
  const head = connection.headOf(request, body.length);
  return {
    get isWaiting() {
      return connection.isWaiting;
    },
    send(onAnswer) {
      next();
      const bytes = Buffer.concat([head, body]);
      const began = performance.now();
      connection.send(bytes, (status) => onAnswer(status, performance.now() - began));
    },
    close: connection.close,
  };
}
