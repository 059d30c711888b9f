import type { Router } from 'express';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createApp, type AppOptions } from './app.ts';
import type { Log } from './log.ts';

type Line = { level: keyof Log; message: string; details: unknown };

/** A log that can be read. */
export function createReadableLog(): Log & { lines: Line[] } {
  const lines: Line[] = [];
  const write = (level: keyof Log) => (message: string, details?: unknown) =>
    void lines.push({ level, message, details });
  return { lines, error: write('error'), warn: write('warn'), info: write('info') };
}

/** The whole app with these features, on a port of its own; for tests. */
export async function serveApp(features: Router[], options: Partial<AppOptions> = {}) {
  const log = createReadableLog();
  const authenticate = () => Promise.reject(new Error('this test asks nobody who they are'));
  const http = createServer(createApp({ features, log, authenticate, observe: () => {}, ...options }));
  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(http.address() as AddressInfo).port}`;

  return {
    url,
    log,
    /** The status and the JSON of the answer. */
    async ask(path: string, init: RequestInit = {}): Promise<{ status: number; body: unknown; headers: Headers }> {
      const response = await fetch(url + path, init);
      const text = await response.text();
      return { status: response.status, body: text === '' ? undefined : JSON.parse(text), headers: response.headers };
    },
    async close(): Promise<void> {
      http.closeAllConnections();
      await new Promise((resolve) => http.close(resolve));
    },
  };
}
