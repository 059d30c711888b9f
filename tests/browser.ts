import { chromium, type Browser } from 'playwright-core';
import { createServer } from 'node:http';
import { findBrowser } from './find-browser.mjs';
import { findFreePort } from '../server/src/database/embedded/ports.ts';

export async function launchBrowser(): Promise<Browser> {
  const { executablePath, args, env } = await findBrowser();
  return chromium.launch({ executablePath, args, env });
}

/** A host page on an origin of its own, as someone else's web site would have it. */
export async function serveHostPage({ html, csp }: { html: string; csp?: string }) {
  const port = await findFreePort();
  const server = createServer((_req, res) => {
    res.setHeader('Content-Type', 'text/html; charset=utf-8');
    if (csp !== undefined) res.setHeader('Content-Security-Policy', csp);
    res.end(html);
  });
  await new Promise<void>((done) => server.listen(port, '127.0.0.1', done));
  return { url: `http://localhost:${port}/`, close: () => new Promise((done) => server.close(done)) };
}
