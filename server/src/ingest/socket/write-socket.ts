import { QuantumFluxError } from '@quantumflux/sdk/protocol';
import type { Duplex } from 'node:stream';
import type { RawData, WebSocket } from 'ws';
import { logFailure, retrySeconds, statusOf, toQuantumFluxError } from '../../http/errors.ts';
import type { Log } from '../../log.ts';
import type { Room } from '../admission.ts';
import { mayPass } from '../keep-trying.ts';
import type { CountMessage } from '../sources.metrics.ts';
import type { WriteQueue } from '../write-queue.ts';
import { openBinary, openText, type WriteMessage } from './write-message.ts';

/** Messages and bytes of one socket that wait for their answer; beyond that, nothing more is read from it. */
const MAX_WAITING = 256;
const MAX_WAITING_BYTES = 1_024 * 1_024;

/** How much of a message may be in before it needs room among all that is in flight: what one read brings. */
const FREE_BYTES = 64 * 1_024;

/** How long the rest of a message may take to arrive, in ms: as long as a body over HTTP. */
const MESSAGE_MS = 15_000;

/** How long a sender has to answer that its socket is closed, in ms. */
const CLOSE_MS = 1_000;

/** The frame of a ping or pong of a client: two bytes, four of its mask, and what it carries. */
const CONTROL_HEAD_BYTES = 6;

export type WriteSocketPorts = {
  /** What carries the socket. */
  connection: Duplex;
  queue: WriteQueue;
  room: Room;
  count: CountMessage;
  log: Log;
  /** Who writes, for the log. */
  subject: string;
};

/** One sender, until it is gone. */
export type WriteSocket = {
  /** Whether anything came from it since the last time this was asked. */
  isHeard(): boolean;
  /** Takes nothing more, answers what it took, and closes. Resolves once that is said. */
  end(code: number, reason: string): Promise<void>;
  /** The same for an error, which is told before. */
  refuse(error: QuantumFluxError): Promise<void>;
};

/** Stores the messages of a socket, each as one write, and answers them in the order in which they came. */
export function serveWrites(
  ws: WebSocket,
  { connection, queue, room, count, log, subject }: WriteSocketPorts,
): WriteSocket {
  let isOpen = true;
  let heard = true;
  /** Bytes of a message that is not complete. */
  let partial = 0;
  let waiting = 0;
  let waitingBytes = 0;
  let answered = Promise.resolve();
  let deadline: NodeJS.Timeout | undefined;

  const reserve = () => room.resize((partial > FREE_BYTES ? partial : 0) + waitingBytes);

  /** Of every read, before the messages in it are known. */
  function hear(chunk: Buffer): void {
    heard = true;
    if (!isOpen) return;
    partial += chunk.length;
    if (partial <= FREE_BYTES) return;
    deadline ??= setTimeout(() => void refuse(tooSlow()), MESSAGE_MS);
    try {
      reserve();
    } catch (cause) {
      void refuse(toQuantumFluxError(cause));
    }
  }

  function receive(data: Buffer, isBinary: boolean): void {
    forgetPartial();
    if (!isOpen) return;
    const message = isBinary ? openBinary(data) : openText(data);
    const bytes = admit(data.length);
    const answer = bytes instanceof QuantumFluxError ? Promise.resolve(refusal(message.id, bytes)) : store(message);
    waiting += 1;
    answered = answered.then(async () => {
      await send(ws, await answer);
      waiting -= 1;
      if (typeof bytes === 'number') waitingBytes -= bytes;
      reserve();
      if (isOpen && ws.isPaused && hasRoom()) ws.resume();
    });
    if (!hasRoom()) ws.pause();
  }

  /** The bytes for which there is room now, or why there is none. */
  function admit(bytes: number): number | QuantumFluxError {
    try {
      waitingBytes += bytes;
      reserve();
      return bytes;
    } catch (cause) {
      waitingBytes -= bytes;
      return toQuantumFluxError(cause);
    }
  }

  const hasRoom = () => waiting < MAX_WAITING && waitingBytes < MAX_WAITING_BYTES;

  async function store({ id, read }: WriteMessage): Promise<object> {
    try {
      const { isReplay } = await queue.add(read());
      count(isReplay ? 'replayed' : 'stored');
      return { id, ok: true, ...(isReplay ? { replayed: true } : {}) };
    } catch (cause) {
      return refusal(id, cause);
    }
  }

  function refusal(id: number | null, cause: unknown): object {
    count(mayPass(cause) ? 'dropped' : 'refused');
    logFailure(cause, log, { subject });
    return failureOf(id, toQuantumFluxError(cause));
  }

  function forgetPartial(): void {
    partial = 0;
    clearTimeout(deadline);
    deadline = undefined;
  }

  async function finish(): Promise<boolean> {
    if (!isOpen) return false;
    isOpen = false;
    forgetPartial();
    ws.pause();
    await answered;
    return true;
  }

  async function end(code: number, reason: string): Promise<void> {
    if (!(await finish())) return;
    close(ws, code, reason);
    // What it answers is read; its messages are not taken any more.
    ws.resume();
  }

  async function refuse(error: QuantumFluxError): Promise<void> {
    if (await finish()) await dismiss(ws, error);
  }

  connection.prependListener('data', hear);
  ws.on('message', (data: RawData, isBinary) => receive(data as Buffer, isBinary));
  for (const control of ['ping', 'pong'] as const) {
    ws.on(control, (data) => (partial = Math.max(0, partial - CONTROL_HEAD_BYTES - data.length)));
  }
  ws.on('close', () => {
    isOpen = false;
    forgetPartial();
    void answered.then(() => room.resize(0));
  });

  return {
    isHeard() {
      const was = heard;
      heard = false;
      return was;
    },
    end,
    refuse,
  };
}

/** Says why, and closes with 4000 + the HTTP status of it. */
export async function dismiss(ws: WebSocket, error: QuantumFluxError): Promise<void> {
  await send(ws, failureOf(null, error));
  close(ws, 4_000 + statusOf[error.code], error.code);
}

function close(ws: WebSocket, code: number, reason: string): void {
  ws.close(code, reason);
  const timer = setTimeout(() => ws.terminate(), CLOSE_MS);
  ws.once('close', () => clearTimeout(timer));
}

/** Resolves once it is handed to the network, or never will be: who does not read answers is not read from. */
function send(ws: WebSocket, answer: object): Promise<void> {
  return new Promise((done) => ws.send(JSON.stringify(answer), () => done()));
}

function failureOf(id: number | null, error: QuantumFluxError): object {
  const retryAfter = retrySeconds(error);
  return { id, ok: false, error: error.toBody(), ...(retryAfter > 0 ? { retryAfter } : {}) };
}

function tooSlow(): QuantumFluxError {
  return new QuantumFluxError(
    'unavailable',
    `The message did not arrive within ${MESSAGE_MS / 1_000} s. Send it again, in smaller parts.`,
  );
}
