import { afterEach, expect, test, vi } from 'vitest';
import { createMemoryServer } from '@quantumflux/sdk/testing';

const server = createMemoryServer();
afterEach(() => server.close());

test('shows the newest temperature, over a lost connection too', async () => {
  const client = server.connect();
  server.write({ stream: 'plant.temp', unit: 'celsius', points: [[Date.now(), 21.5]] });

  let shown: number | undefined;
  client.watch('plant.temp', { from: '-5m' }, ({ series }) => (shown = series[0]?.values.at(-1)));
  await vi.waitFor(() => expect(shown).toBe(21.5));

  const comeBack = server.goAway();
  server.write({ stream: 'plant.temp', points: [[Date.now() + 1, 21.6]] });
  comeBack();
  await vi.waitFor(() => expect(shown).toBe(21.6));
});
