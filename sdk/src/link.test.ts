import { createServer, type Server as HttpServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Server, type Socket } from 'socket.io';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { addressOf } from './address.ts';
import { createCredentials } from './credentials.ts';
import { openLink, type Link, type LinkEvents, type ServerEvent } from './link.ts';
import {
  decodeFrame,
  encodeFrame,
  type ClientEvents,
  type Handshake,
  type ServerEvents,
  type SubscribeRequest,
} from './protocol/index.ts';
import type { End } from './reconnect.ts';
import { openSocketIo as openLean } from './socket-io.lean.ts';
import { openSocketIo, type OpenSocketIo } from './socket-io.ts';

type ServerSocket = Socket<ClientEvents, ServerEvents>;

/** Which of the two speaks Socket.io. */
let speak: OpenSocketIo = openSocketIo;
let http: HttpServer;
let io: Server<ClientEvents, ServerEvents>;
let link: Link;
let events: ServerEvent[];
let ends: End[];

/** A bare Socket.io server, and a link to it. */
async function open(
  onConnection: (socket: ServerSocket) => void,
  { transports = ['polling', 'websocket'] as ('polling' | 'websocket')[] } = {},
): Promise<void> {
  http = createServer();
  io = new Server(http, { serveClient: false, transports });
  io.on('connection', onConnection);
  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve));
  const address = addressOf(`http://127.0.0.1:${(http.address() as AddressInfo).port}`);
  events = [];
  ends = [];
  await new Promise<void>((onOpen) => {
    const listener: LinkEvents = {
      onOpen,
      onEvent: (...event) => events.push(event),
      onEnd: (end) => ends.push(end),
    };
    link = openLink(address, createCredentials({ key: 'qf_pk_test' }), listener, speak);
  });
}

afterEach(async () => {
  link.close();
  await io.close();
});

const welcome = { protocol: 2, now: 1_000, expiresAt: null };
const frame = (channel: number) =>
  encodeFrame({ epoch: 1, sections: [{ channel, delivery: 'whole', skipped: 0, ranges: [] }] });
const channelsSeen = () =>
  events.flatMap(([name, payload]) => (name === 'frame' ? decodeFrame(payload).sections : [])).map((s) => s.channel);

describe.each([
  ['socket.io-client', openSocketIo],
  ['the lean one of the script for pages', openLean],
])('%s', (_, each) => {
  beforeEach(() => void (speak = each));

  describe.each([
    ['websocket', ['polling', 'websocket'] as ('polling' | 'websocket')[]],
    ['polling', ['polling'] as ('polling' | 'websocket')[]],
  ])('over %s', (name, transports) => {
    test('[A1] [F3] bare frames and events come in the order in which they were sent', async () => {
      let handshake: Handshake | undefined;
      await open(
        (socket) => {
          handshake = socket.handshake.auth as Handshake;
          socket.emit('welcome', welcome);
          socket.conn.write(frame(1));
          socket.emit('gone', { channel: 1, streams: [7] });
          socket.emit('frame', frame(2));
          socket.conn.write(frame(3));
          socket.conn.write(frame(4));
        },
        { transports },
      );
      await vi.waitFor(() => expect(events.length).toBe(6));
      expect(handshake).toEqual({ protocol: 2, frames: 'bare', key: 'qf_pk_test' });
      expect(events.map(([each]) => each)).toEqual(['welcome', 'frame', 'gone', 'frame', 'frame', 'frame']);
      expect(channelsSeen()).toEqual([1, 2, 3, 4]);
      expect(link.transport).toBe(name);
    });

    test('a reply with attachments is whole, whatever comes meanwhile', async () => {
      const head = { channel: 1, now: 0, streams: [], position: { epoch: 1, offsets: [] } };
      await open(
        (socket) => {
          socket.emit('welcome', welcome);
          socket.on('subscribe', (_, reply) => {
            socket.conn.write(frame(1));
            reply({ ok: true, value: { is: 'history', ...head, intervalMs: null, blocks: Buffer.from([1, 2, 3]) } });
            reply({ ok: false, error: { code: 'internal', message: "A second reply is nobody's." } });
            socket.conn.write(frame(2));
          });
        },
        { transports },
      );
      const reply = await link.ask('subscribe', { selector: 'a' });
      expect(reply.is === 'history' && [...reply.blocks]).toEqual([1, 2, 3]);
      await vi.waitFor(() => expect(channelsSeen()).toEqual([1, 2]));
    });
  });

  test('[E1] a reply that is an error rejects with it', async () => {
    await open((socket) => {
      socket.on('subscribe', (_, reply) =>
        reply({ ok: false, error: { code: 'not_found', message: 'Nothing matches.' } }),
      );
    });
    await expect(link.ask('subscribe', { selector: 'a' })).rejects.toMatchObject({ code: 'not_found' });
  });

  test('a request that was not answered rejects when the connection ends', async () => {
    await open((socket) => {
      socket.on('subscribe', () => socket.disconnect(true));
    });
    await expect(link.ask('subscribe', { selector: 'a' })).rejects.toMatchObject({ code: 'unavailable' });
    expect(ends).toMatchObject([{ is: 'lost' }]);
    await expect(link.ask('unsubscribe', { channel: 1 })).rejects.toMatchObject({ code: 'unavailable' });
  });

  test('what the server sends and nobody can read ends the link', async () => {
    await open((socket) => {
      socket.on('subscribe', () => void socket.conn.write('2[broken'));
    });
    link.ask('subscribe', { selector: 'a' }).catch(() => undefined);
    await vi.waitFor(() => expect(ends).toMatchObject([{ is: 'lost', error: { code: 'unavailable' } }]));
  });

  describe('[V3]', () => {
    const asked: SubscribeRequest[] = [];
    const answer = (socket: ServerSocket) =>
      socket.on('subscribe', (request, reply) => {
        asked.push(request);
        reply({ ok: false, error: { code: 'not_found', message: 'Nothing matches.' } });
      });

    afterEach(() => {
      asked.length = 0;
    });

    test('a server that says welcome is asked for what its version has', async () => {
      await open((socket) => {
        answer(socket);
        socket.emit('welcome', welcome);
      });
      await link.ask('subscribe', { selector: 'a', maxHz: 10 }).catch(() => undefined);
      expect(asked).toEqual([{ selector: 'a', maxHz: 10 }]);
      expect(link.protocol).toBe(2);
    });

    test('one that says something else first is of version 1, and is sent nothing newer', async () => {
      await open((socket) => {
        answer(socket);
        socket.emit('heads', { channel: 1, epoch: 1, ranges: [] });
      });
      await link.ask('subscribe', { selector: 'a', maxHz: 10 }).catch(() => undefined);
      expect(asked).toEqual([{ selector: 'a' }]);
      expect(link.protocol).toBe(1);
      await expect(link.ask('presence.join', { room: 'a' })).rejects.toMatchObject({ code: 'conflict' });
    });

    test('so is one that says nothing', async () => {
      await open(answer);
      const plain = link.ask('subscribe', { selector: 'a' }).catch(() => undefined);
      await plain;
      expect(link.protocol).toBe(undefined);
      await link.ask('subscribe', { selector: 'b', maxHz: 10 }).catch(() => undefined);
      expect(asked).toEqual([{ selector: 'a' }, { selector: 'b' }]);
      expect(link.protocol).toBe(1);
    });
  });
});
