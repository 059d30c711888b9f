import { once } from 'node:events';
import { WebSocket, type RawData } from 'ws';
import { POINTS_PROTOCOL } from './subprotocol.ts';

/** What a sender heard from a server, and how it ended. */
export type TestSender = {
  ws: WebSocket;
  answers: { id: number | null; ok: boolean; error?: { code: string; message: string; path?: string } }[];
  closed: Promise<{ code: number; reason: string }>;
  say(message: unknown): void;
  /** Resolves once so many answers have come, or no more will. */
  heard(count: number): Promise<TestSender['answers']>;
};

/** A sender as devices have it: with the header Authorization, if a key is given. */
export function connectSender(
  url: string,
  { key, protocols = [POINTS_PROTOCOL], origin }: SenderOptions = {},
): TestSender {
  const ws = new WebSocket(`${url.replace('http', 'ws')}/api/v1/points`, protocols, {
    headers: {
      ...(key === undefined ? {} : { authorization: `Bearer ${key}` }),
      ...(origin === undefined ? {} : { origin }),
    },
  });
  const answers: TestSender['answers'] = [];
  ws.on('message', (data: RawData) =>
    answers.push(JSON.parse((data as Buffer).toString()) as (typeof answers)[number]),
  );
  ws.on('error', () => {});
  const closed = new Promise<{ code: number; reason: string }>((done) =>
    ws.on('close', (code, reason) => done({ code, reason: String(reason) })),
  );
  return {
    ws,
    answers,
    closed,
    say: (message) =>
      ws.send(typeof message === 'string' || Buffer.isBuffer(message) ? message : JSON.stringify(message)),
    async heard(count) {
      const ended = closed.then(() => 'ended');
      while (answers.length < count) {
        const next = new Promise<void>((done) => ws.once('message', () => done()));
        if ((await Promise.race([next, ended])) === 'ended') break;
      }
      return answers;
    },
  };
}

type SenderOptions = { key?: string | undefined; protocols?: string[]; origin?: string | undefined };

/** The same, once it may write. */
export async function openSender(url: string, options: SenderOptions): Promise<TestSender> {
  const sender = connectSender(url, options);
  await once(sender.ws, 'open');
  return sender;
}

/** Binary columns with the head of a message. */
export function binaryMessage(id: number, columns: Buffer, key = ''): Buffer {
  const head = Buffer.alloc(5);
  head.writeUInt32LE(id, 0);
  head.writeUInt8(key.length, 4);
  return Buffer.concat([head, Buffer.from(key, 'latin1'), columns]);
}
