import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { connect, type ConnectionState } from './index.ts';
import { createTestServer } from './testing/test-server.ts';

afterEach(() => {
  vi.unstubAllGlobals();
});

describe('the address', () => {
  test('must be said where there is no page', () => {
    expect(() => connect({ key: 'qf_pk_1' })).toThrow(expect.objectContaining({ code: 'invalid_input', path: 'url' }));
    expect(() => connect({ url: 'not an address' })).toThrow('"not an address" is not the address of a server.');
  });

  test('is that of the page by default, and may be relative to it', async () => {
    const server = await createTestServer();
    vi.stubGlobal('location', { href: `${server.url}/some/page?x=1`, origin: server.url });
    for (const url of [undefined, '/', '../']) {
      const client = connect({ ...(url === undefined ? {} : { url }) });
      client.watch('*', {}, () => undefined);
      await vi.waitFor(() => expect(client.state.is).toBe('connected'));
      client.close();
    }
    await server.close();
  });
});

test('nothing is sent until something is watched, and the connection is told', async () => {
  const server = await createTestServer();
  const client = connect({ url: server.url, lingerMs: 0 });
  const states: ConnectionState['is'][] = [];
  const stop = client.onState(({ is }) => states.push(is));
  client.stream('*');
  await new Promise((resolve) => setTimeout(resolve, 50));
  expect([server.handshakes, states]).toEqual([[], []]);
  client.watch('*', {}, () => undefined);
  await vi.waitFor(() => expect(states).toEqual(['connecting', 'connected']));
  stop();
  client.close();
  expect(client.state).toEqual({ is: 'closed' });
  expect(states).toEqual(['connecting', 'connected']);
  await server.close();
});

test('the clock is that of the server', async () => {
  const server = await createTestServer();
  const client = connect({ url: server.url });
  client.watch('*', {}, () => undefined);
  await vi.waitFor(() => expect(client.state.is).toBe('connected'));
  expect(Math.abs(client.now() - Date.now())).toBeLessThan(1_000);
  client.close();
  await server.close();
});

describe('after close()', () => {
  test('nobody is called any more, and whoever watches is told that it is closed', async () => {
    const server = await createTestServer();
    server.write({ stream: 'cpu', points: [[Date.now(), 1]] });
    const client = connect({ url: server.url });
    const live = client.stream('cpu');
    const told = vi.fn();
    live.watch(told);
    await vi.waitFor(() => expect(live.state.is).toBe('live'));
    client.close();
    told.mockClear();
    await vi.waitFor(() => expect(server.connections).toBe(0));
    expect(told).not.toHaveBeenCalled();
    live.watch(told);
    expect(told).toHaveBeenCalledWith(
      expect.objectContaining({
        state: { is: 'error', error: expect.objectContaining({ code: 'conflict' }) as unknown },
      }),
    );
    await server.close();
  });

  test.each([
    ['while it is connected', (url: string) => `connect({ url: '${url}' })`],
    ['while it waits for a server that is not there', () => "connect({ url: 'http://127.0.0.1:9' })"],
  ])('a process that was watching can end, %s', async (_, made) => {
    const server = await createTestServer();
    const script = `
      import { connect } from '@quantumflux/sdk';
      const client = ${made(server.url)};
      const stop = client.watch('*', {}, ({ state }) => console.log(state.is));
      setTimeout(() => { stop(); client.close(); }, 300);
    `;
    const run = promisify(execFile);
    const args = ['--conditions=quantumflux-source', '--import', 'tsx', '--input-type=module', '--eval', script];
    const startedAt = Date.now();
    const { stdout } = await run(process.execPath, args, { timeout: 20_000, cwd: import.meta.dirname });
    expect(stdout).toContain('connecting');
    // The linger, and what Socket.io waits for, are longer.
    expect(Date.now() - startedAt).toBeLessThan(4_500);
    await server.close();
  });
});
