import {
  connect,
  type QuantumFluxClient,
  type ClientOptions,
  type LiveStream,
  type LiveUpdate,
  type Stop,
} from '../index.ts';
import { createTestServer, type TestServer, type TestServerOptions } from './test-server.ts';

const WAIT_MS = 5_000;

/** What one update told: the state, and the values at that moment. */
export type Told = { is: string; values: number[]; resync: LiveUpdate['resync'] };

/** A server, and a client that does not wait long. */
export type Fixture = {
  server: TestServer;
  client: QuantumFluxClient;
  /** Writes one point per value to the stream `cpu`, a second apart. */
  write(...values: number[]): void;
  close(): Promise<void>;
};

export async function createFixture(
  serverOptions: TestServerOptions = {},
  clientOptions: Partial<ClientOptions> = {},
): Promise<Fixture> {
  const server = await createTestServer({ heartbeatMs: Infinity, ...serverOptions });
  const quick = { reconnect: { minMs: 5, maxMs: 50 }, lingerMs: 20 };
  const client = connect({ url: server.url, key: 'qf_pk_test', ...quick, ...clientOptions } as ClientOptions);
  let time = Date.now() - 60_000;
  return {
    server,
    client,
    write(...values) {
      for (const value of values) server.write({ stream: 'cpu', points: [[(time += 1), value]] });
    },
    async close() {
      client.close();
      await server.close();
    },
  };
}

/** Waits until something holds; fails with what did not after five seconds. */
export async function until<Value>(check: () => Value): Promise<Value> {
  const end = Date.now() + WAIT_MS;
  for (;;) {
    try {
      return check();
    } catch (error) {
      if (Date.now() > end) throw error;
    }
    await pause(5);
  }
}

export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

export function valuesOf(live: LiveStream, key = 'cpu'): number[] {
  return [...(live.series.find((series) => series.key === key)?.values ?? [])];
}

/** Waits until a live stream is live. */
export function isLive(live: LiveStream): Promise<void> {
  return until(() => {
    if (live.state.is !== 'live') throw new Error(`It is ${JSON.stringify(live.state)}.`);
  });
}

/** Waits until the stream `cpu` has exactly these values. */
export function has(live: LiveStream, ...values: number[]): Promise<void> {
  return until(() => {
    const found = valuesOf(live).join();
    if (found !== values.join()) throw new Error(`It has ${found}, not ${values.join()}.`);
  });
}

/** Watches, and keeps what was told. */
export function record(live: LiveStream): { updates: Told[]; stop: Stop } {
  const updates: Told[] = [];
  const stop = live.watch(({ state, resync }) => updates.push({ is: state.is, values: valuesOf(live), resync }));
  return { updates, stop };
}
