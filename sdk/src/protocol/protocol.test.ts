import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { z } from 'zod';
import * as protocol from './index.ts';
import * as schemas from './schemas.ts';

const sources = fileURLToPath(new URL('..', import.meta.url));
// Without the spaces that make columns of tables.
const page = (await readFile(new URL('../../../docs/protocol.md', import.meta.url), 'utf8')).replaceAll(/ {2,}/g, ' ');

const { PROTOCOL_VERSION, ...others } = protocol;
const limits = Object.entries(others).filter((entry): entry is [string, number] => typeof entry[1] === 'number');

// Events are types only, so their names are written down here; the compiler says when one is missing or too many.
const events = {
  client: {
    subscribe: true,
    unsubscribe: true,
    'auth.refresh': true,
    'presence.join': true,
    'presence.leave': true,
  } satisfies Record<keyof protocol.ClientEvents, true>,
  server: {
    welcome: true,
    frame: true,
    streams: true,
    gone: true,
    heads: true,
    drain: true,
    'auth.refresh': true,
    presence: true,
    goodbye: true,
  } satisfies Record<keyof protocol.ServerEvents, true>,
};
const reasons = {
  goodbye: { expired: true, revoked: true, shutdown: true, slow: true } satisfies Record<protocol.GoodbyeReason, true>,
  resync: { epoch: true, rewound: true, too_far: true } satisfies Record<protocol.ResyncReason, true>,
};

// If this fails, what travels on the wire has changed. Read the difference: if an old client or an old server could
// misread it, bump PROTOCOL_VERSION and add a line to its history. Put the rule into docs/protocol.md. Then run
// `npx vitest run --project node sdk/src/protocol -u` and commit the lock file with the change.
test('[V2] the wire changes only on purpose', async () => {
  const requests = Object.entries(schemas).filter(([, value]) => value instanceof z.ZodType);
  const jsonSchemaOf = (schema: unknown) => z.toJSONSchema(schema as z.ZodType, { io: 'input' });
  const lock = {
    version: PROTOCOL_VERSION,
    endpoints: protocol.endpoints,
    events: { client: Object.keys(events.client), server: Object.keys(events.server) },
    reasons: { goodbye: Object.keys(reasons.goodbye), resync: Object.keys(reasons.resync) },
    errorCodes: protocol.errorCodes,
    queryFunctions: protocol.queryFunctions,
    limits: Object.fromEntries(limits),
    requests: Object.fromEntries(requests.map(([name, schema]) => [name, jsonSchemaOf(schema)])),
  };
  await expect(`${JSON.stringify(lock, null, 2)}\n`).toMatchFileSnapshot('./protocol.lock.json');
});

test('[E1] an error is the same after it travelled', () => {
  const error = new protocol.QuantumFluxError('invalid_input', 'points: must not be empty.', {
    path: 'streams.0.points',
  });
  const travelled = JSON.parse(JSON.stringify(error.toBody())) as protocol.ErrorBody;
  expect(protocol.QuantumFluxError.fromBody(travelled)).toMatchObject({ ...error.toBody(), name: 'QuantumFluxError' });
  expect(new protocol.QuantumFluxError('internal', 'Broken.').toBody()).toEqual({
    code: 'internal',
    message: 'Broken.',
  });
});

test('[L1] the page says limits, errors, events and endpoints as they are', () => {
  for (const [name, value] of limits) expect(page).toContain(`| \`${name}\` | ${value} |`);
  expect(page).toContain(`\`${protocol.queryFunctions.join(' ')}\``);
  for (const code of protocol.errorCodes) expect(page).toContain(`| \`${code}\` |`);
  for (const { method, path } of Object.values(protocol.endpoints)) expect(page).toContain(`| \`${method} ${path}\` |`);
  for (const event of Object.values(events).flatMap(Object.keys)) expect(page).toContain(`| \`${event}\` |`);
});

test('every rule that a test quotes is on the page', async () => {
  const files = (await readdir(sources, { recursive: true })).filter((file) => file.endsWith('.test.ts'));
  const texts = await Promise.all(files.map((file) => readFile(join(sources, file), 'utf8')));
  const quoted = new Set(texts.flatMap((text) => [...text.matchAll(/\[([A-Z]\d{1,2})\] /g)].map(([, id]) => id!)));
  expect(quoted.size).toBeGreaterThan(20);
  for (const id of quoted) expect(page).toContain(`- **${id}** `);
});
