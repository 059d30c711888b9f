#!/usr/bin/env node
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { compose } from './compose.ts';
import { readConfig, type Config } from './config.ts';
import { createLog, type Log } from './log.ts';

/**
 * Connections that may wait until the loop gets to them, as far as the system allows. What comes when no room is left tries again
 * after 1, 3, 7, 15 s …; with the usual 511 that is most of ten thousand who come back at once.
 */
const MAX_UNACCEPTED = 4_096;

try {
  await run(readConfig(process.env));
} catch (error) {
  // A sentence for whoever started it; where in the code it happened helps nobody here.
  console.error(error instanceof Error ? error.message : String(error));
  process.exitCode = 1;
}

async function run(config: Config): Promise<void> {
  const log = createLog(config.LOG_LEVEL);
  const server = await compose(config, log);
  try {
    greet(await listen(server.http, config), server.created);
  } catch (error) {
    await server.close();
    throw error;
  }

  stopOn(server, log);
}

/** How long leaving may take, in ms; Kubernetes and others kill after 30 s. */
const STOP_MS = 25_000;

/** A second Ctrl-C cuts short what is done for others. What was taken is stored in any case. */
function stopOn(server: Pick<Awaited<ReturnType<typeof compose>>, 'close'>, log: Log): void {
  const hurry = new AbortController();
  let isClosing = false;
  const stop = (signal: NodeJS.Signals) => {
    if (isClosing) {
      if (signal === 'SIGINT') hurry.abort();
      return;
    }
    isClosing = true;
    log.info('stopping', { signal });
    setTimeout(() => {
      log.error('the server did not stop in time, and lets go of the rest');
      process.exit(1);
    }, STOP_MS).unref();
    server.close({ hurry: hurry.signal }).then(
      () => log.info('stopped', { signal }),
      (error: unknown) => {
        log.error('the server did not stop in good order', error);
        process.exitCode = 1;
      },
    );
  };
  process.on('SIGTERM', stop);
  process.on('SIGINT', stop);
}

function listen(http: Server, { PORT, HOST }: Config): Promise<string> {
  return new Promise((resolve, reject) => {
    http.once('error', (error: NodeJS.ErrnoException) => {
      if (error.code !== 'EADDRINUSE') return reject(error);
      reject(new Error(`Port ${PORT} is taken. Stop what listens there, or set PORT to another one.`));
    });
    http.listen({ port: PORT, host: HOST, backlog: MAX_UNACCEPTED }, () => {
      const { port } = http.address() as AddressInfo;
      const host = ['127.0.0.1', '0.0.0.0', '::', '::1'].includes(HOST) ? 'localhost' : HOST;
      resolve(`http://${host}:${port}`);
    });
  });
}

function greet(url: string, created: { email: string; password: string } | undefined): void {
  process.stdout.write(`\n  QuantumFlux is up: ${url}\n`);
  if (created) {
    process.stdout.write(`  First start: sign in as ${created.email} with the password ${created.password}\n`);
    process.stdout.write('  It is shown this one time only. Keep it.\n');
  }
  process.stdout.write('\n');
}
