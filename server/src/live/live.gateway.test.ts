import type { ClientEvents, ErrorBody, ServerEvents } from '@quantumflux/sdk/protocol';
import { io, type Socket } from 'socket.io-client';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { SECRET_KEY, startComposed, type Composed } from '../compose.testing.ts';

let server: Composed;
const sockets: Socket<ServerEvents, ClientEvents>[] = [];

beforeAll(async () => {
  server = await startComposed();
});
afterEach(() => {
  for (const socket of sockets.splice(0)) socket.close();
});
afterAll(() => server.stop());

/** Connects, and keeps the names of what came, in order. */
function connect(auth: Record<string, unknown>) {
  const socket: Socket<ServerEvents, ClientEvents> = io(server.url, {
    auth: { key: SECRET_KEY, ...auth },
    reconnection: false,
  });
  sockets.push(socket);
  const heard: string[] = [];
  socket.onAny((event: string) => heard.push(event));
  return { socket, heard };
}

test('[A4] the first thing that a client of version 2 hears is a welcome', async () => {
  const { socket, heard } = connect({ protocol: 2 });
  const welcome = await new Promise((resolve) => socket.on('welcome', resolve));
  expect(welcome).toEqual({ protocol: 2, now: expect.closeTo(Date.now(), -4) as number, expiresAt: null });
  expect(heard[0]).toBe('welcome');
});

test('[V1] a client one version above is spoken to in our version, one two above is refused', async () => {
  const { socket } = connect({ protocol: 3 });
  expect(await new Promise((resolve) => socket.on('welcome', resolve))).toMatchObject({ protocol: 2 });
  const stranger = connect({ protocol: 4 }).socket;
  const error = await new Promise<Error & { data?: ErrorBody }>((resolve) => stranger.on('connect_error', resolve));
  expect(error.data).toMatchObject({ code: 'invalid_input', path: 'protocol' });
});

test('[V3] a client of version 1 hears no welcome', async () => {
  const { socket, heard } = connect({ protocol: 1 });
  await new Promise<void>((resolve) => socket.on('connect', resolve));
  // What is said in answer comes after what was said first.
  await new Promise((resolve) => socket.emit('subscribe', { selector: 'nothing' }, resolve));
  expect(heard).toEqual([]);
});
