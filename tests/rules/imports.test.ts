import { ESLint } from 'eslint';
import { expect, test } from 'vitest';

type Row = { what: string[]; by: string[]; why: string };

// Sources of files that need not exist; so nothing may ask for their types.
const borders = new ESLint({
  ruleFilter: ({ ruleId }) => ruleId === 'quantumflux/borders',
  overrideConfig: { files: ['**/*.ts'], languageOptions: { parserOptions: { projectService: false } } },
});

async function complaints(file: string, source: string): Promise<string[]> {
  const [result] = await borders.lintText(source, { filePath: file });
  return result!.messages.map(({ message }) => message);
}

const refused: [file: string, imported: string, why: RegExp][] = [
  // protocol <- sdk <- widgets, plot <- widgets, protocol <- server
  ['sdk/src/protocol/points.ts', '../client.ts', /protocol and plot stand alone/],
  ['sdk/src/protocol/points.ts', '@quantumflux/sdk', /protocol and plot stand alone/],
  ['sdk/src/protocol/points.ts', 'zod', /only the server checks/],
  ['sdk/src/protocol/points.ts', './schemas.ts', /only the server checks/],
  ['sdk/src/protocol/points.ts', 'socket.io-client', /business of the SDK/],
  ['sdk/src/client.ts', '@quantumflux/sdk/protocol/schemas', /only the server checks/],
  ['sdk/src/client.ts', 'zod', /only the server checks/],
  ['sdk/src/client.ts', '@quantumflux/widgets', /nothing stands on the widgets/],
  ['sdk/src/client.ts', '../../server/src/bus/bus.ts', /for nobody but itself/],
  ['sdk/src/client.ts', 'lit', /Lit is for elements/],
  ['sdk/src/client.test.ts', '../../server/src/bus/bus.ts', /for nobody but itself/],
  ['widgets/src/chart/chart.ts', '../../../server/src/bus/bus.ts', /for nobody but itself/],
  ['widgets/src/chart/chart.ts', 'socket.io-client', /business of the SDK/],
  ['widgets/src/chart/chart.ts', 'd3-scale', /through plot\//],
  ['widgets/src/chart/chart.ts', 'zod', /only the server checks/],
  ['widgets/src/plot/plot.ts', '../base/element.ts', /the plot knows none/],
  ['widgets/src/plot/plot.ts', '@quantumflux/sdk', /protocol and plot stand alone/],
  ['widgets/src/plot/plot.ts', '@quantumflux/sdk/protocol', /scales and a canvas, nothing else/],
  ['widgets/src/plot/plot.ts', 'lit', /Lit is for elements/],
  ['widgets/src/plot/plot.ts', 'lit/decorators.js', /Lit is for elements/],
  ['server/src/live/live.gateway.ts', '@quantumflux/sdk', /shares only the protocol/],
  ['server/src/live/live.gateway.ts', '@quantumflux/widgets', /nothing stands on the widgets/],
  ['sdk/src/client.ts', './memory-server/index.ts', /for tests and stories/],
  ['widgets/src/chart/chart.ts', '@quantumflux/sdk/testing', /for tests and stories/],
  ['server/src/live/live.gateway.ts', '@quantumflux/sdk/testing', /for tests and stories/],
  ['widgets/src/chart/chart.ts', '../feed/machine.ts', /feeds are for tests and stories/],
  ['examples/demo/app.ts', '../../widgets/src/plot/plot.ts', /only widgets draw plots/],

  // {bus, cache, http, database} <- feature <- compose <- main
  ['server/src/bus/memory.ts', '../ingest/ingest.service.ts', /does not know them/],
  ['server/src/cache/cache.memory.ts', '../auth/auth.service.ts', /does not know them/],
  ['server/src/http/route.ts', '../auth/auth.service.ts', /does not know them/],
  ['server/src/database/database.ts', '../streams/streams.store.ts', /does not know them/],
  ['server/src/live/live.gateway.ts', '../ingest/ingest.service.ts', /features meet in compose\.ts/],
  ['server/src/ingest/ingest.service.ts', '../streams/streams.store.ts', /features meet in compose\.ts/],
  ['server/src/auth/auth.routes.ts', '../health/health.routes.ts', /features meet in compose\.ts/],
  ['server/src/host/host.ts', '../ingest/ingest.service.ts', /features meet in compose\.ts/],
  ['server/src/auth/auth.service.ts', '../compose.ts', /only main\.ts starts the whole/],
  ['server/src/auth/auth.service.ts', '../config.ts', /hands to each part what it needs/],
  ['server/src/app.ts', './compose.ts', /only main\.ts starts the whole/],
  ['server/src/compose.ts', './main.ts', /where the process begins/],

  // One door for each heavy library.
  ['server/src/ingest/ingest.service.ts', 'express', /Express comes in through/],
  ['server/src/compose.ts', 'helmet', /Express comes in through/],
  ['server/src/auth/auth.routes.ts', 'socket.io', /Socket\.io comes in through/],
  ['server/src/bus/bus.memory.ts', 'ioredis', /Redis comes in through/],
  ['server/src/ingest/intake.ts', 'mqtt', /MQTT comes in through/],
  ['server/src/live/live.gateway.ts', 'ws', /plain WebSockets come in through/],
  ['server/src/auth/auth.service.ts', '../database/generated/client.ts', /PostgreSQL comes in through/],
  ['server/src/auth/auth.service.ts', '@prisma/client', /PostgreSQL comes in through/],
  ['server/src/compose.ts', 'pg', /PostgreSQL comes in through/],
  ['server/src/http/credentials.ts', 'jsonwebtoken', /business of auth/],

  ['server/src/bus/bus.memory.ts', './bus.contract.ts', /only tests import tests/],
  ['server/src/streams/journal.ts', '../../../tests/postgres.ts', /only tests import tests/],
  ['sdk/src/client.ts', './testing/test-server.ts', /only tests import tests/],
];

test.each(refused)('%s may not import %s', async (file, imported, why) => {
  expect(await complaints(file, `import '${imported}';`)).toEqual([expect.stringMatching(why)]);
});

const allowed: [file: string, imported: string][] = [
  ['sdk/src/protocol/schemas.ts', 'zod'],
  ['sdk/src/protocol/schemas.test.ts', './schemas.ts'],
  ['sdk/src/client.ts', './protocol/index.ts'],
  ['sdk/src/socket-io.ts', 'socket.io-client'],
  ['widgets/src/chart/chart.ts', '@quantumflux/sdk'],
  ['widgets/src/chart/chart.ts', '../plot/plot.ts'],
  ['widgets/src/chart/chart.ts', 'lit'],
  ['widgets/src/plot/scales.ts', 'd3-scale'],
  ['widgets/src/plot/scales.ts', './ticks.ts'],
  ['server/src/ingest/ingest.routes.ts', '@quantumflux/sdk/protocol'],
  ['server/src/ingest/ingest.routes.ts', '@quantumflux/sdk/protocol/schemas'],
  ['server/src/ingest/ingest.routes.ts', '../http/route.ts'],
  ['server/src/ingest/ingest.routes.ts', 'express'],
  ['server/src/ingest/ingest.service.ts', '../bus/bus.ts'],
  ['server/src/ingest/ingest.service.ts', '../log.ts'],
  ['server/src/ingest/ingest.service.test.ts', '../streams/streams.store.ts'],
  ['server/src/streams/streams.store.ts', '../database/generated/client.ts'],
  ['server/src/bus/bus.redis.ts', 'ioredis'],
  ['server/src/bus/bus.redis.test.ts', './bus.contract.ts'],
  ['server/src/live/live.gateway.ts', 'socket.io'],
  ['server/src/ingest/socket/points.socket.ts', 'ws'],
  ['server/src/ingest/mqtt/mqtt.source.mqtt.ts', 'mqtt'],
  ['server/src/compose.ts', './auth/auth.service.ts'],
  ['server/src/compose.ts', './config.ts'],
  ['server/src/main.ts', './compose.ts'],
  ['server/src/streams/journal.store.test.ts', '../../../tests/postgres.ts'],
  ['sdk/src/client.test.ts', './testing/test-server.ts'],
  ['sdk/src/testing/test-server.ts', 'socket.io'],
  ['sdk/src/testing/test-server.ts', '../memory-server/server.ts'],
  ['widgets/src/feed/machine.ts', '@quantumflux/sdk/testing'],
  ['widgets/src/chart/chart.stories.ts', '@quantumflux/sdk/testing'],
  ['widgets/src/chart/chart.browser.test.ts', '@quantumflux/sdk/testing'],
  ['widgets/src/chart/chart.stories.ts', '../feed/machine.ts'],
  ['tests/e2e/whole.test.ts', '../../server/src/compose.ts'],
  ['examples/node-ingest/ingest.ts', '@quantumflux/sdk'],
];

test.each(allowed)('%s may import %s', async (file, imported) => {
  expect(await complaints(file, `import '${imported}';`)).toEqual([]);
});

test.each([
  `import type { Ingest } from '../ingest/ingest.service.ts';`,
  `export { createIngest } from '../ingest/ingest.service.ts';`,
  `export * from '../ingest/ingest.service.ts';`,
  `const ingest = await import('../ingest/ingest.service.ts');`,
  `type Ingest = import('../ingest/ingest.service.ts').Ingest;`,
])('however it is written: %s', async (source) => {
  expect(await complaints('server/src/live/live.gateway.ts', source)).toHaveLength(1);
});

test('every row of the table is proven by a refusal', async () => {
  const { rules } = (await borders.calculateConfigForFile('server/src/main.ts')) as {
    rules: Record<string, [number, ...Row[]]>;
  };
  const [, ...table] = rules['quantumflux/borders']!;
  for (const { why } of table)
    expect(
      refused.some(([, , pattern]) => pattern.test(why)),
      why,
    ).toBe(true);
});

test('what the compiler cannot see is refused as well', async () => {
  const lint = new ESLint();
  const source = `
    import { parseSelector } from './selector.ts';
    export default () => parseSelector(process.env['SELECTOR'] ?? '');
    Promise.resolve();
  `;
  // An existing file, because these rules ask for types and follow imports.
  const [result] = await lint.lintText(source, { filePath: 'sdk/src/protocol/stream-key.ts' });
  expect(result!.messages.map(({ ruleId }) => ruleId).sort()).toEqual([
    '@typescript-eslint/no-floating-promises',
    'import-x/no-cycle',
    'import-x/no-default-export',
    'no-restricted-properties',
  ]);
});
