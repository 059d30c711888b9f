import { defineConfig } from 'vitest/config';

// Workspace packages are tested from their sources, without a build.
const source = {
  resolve: { conditions: ['quantumflux-source'] },
  ssr: { resolve: { conditions: ['quantumflux-source'] } },
};

// Starts a PostgreSQL for the tests that ask for one.
const globalSetup = './tests/postgres.setup.ts';

/** Tests of whole systems that others beside them would disturb. */
const alone = ['freeze', 'late', 'readers', 'storm'].map((name) => `tests/faults/${name}.test.ts`);

export default defineConfig({
  test: {
    projects: [
      {
        ...source,
        test: {
          name: 'node',
          globalSetup,
          include: ['{sdk,server}/src/**/*.test.ts', 'widgets/src/plot/**/*.test.ts', 'tests/rules/**/*.test.ts'],
          // Many of them wait for databases, brokers and clocks.
          maxWorkers: 3,
          testTimeout: 30_000,
          hookTimeout: 60_000,
        },
      },
      // Whole systems. Mostly they wait, for what was killed to come back: so three at a time.
      {
        ...source,
        test: {
          name: 'e2e',
          globalSetup,
          include: ['tests/{e2e,faults}/**/*.test.ts'],
          exclude: alone,
          maxWorkers: 3,
          testTimeout: 60_000,
          hookTimeout: 120_000,
        },
      },
      // Those that are about how long something takes: one at a time.
      {
        ...source,
        test: {
          name: 'alone',
          globalSetup,
          include: alone,
          fileParallelism: false,
          testTimeout: 60_000,
          hookTimeout: 120_000,
        },
      },
      // The faults once more, often: at night.
      {
        ...source,
        test: {
          name: 'faults',
          globalSetup,
          include: ['tests/faults/**/*.test.ts'],
          env: { FAULT_ROUNDS: process.env['FAULT_ROUNDS'] ?? '20' },
          fileParallelism: false,
          testTimeout: 120_000,
          hookTimeout: 120_000,
        },
      },
    ],
    coverage: {
      include: ['{sdk,server}/src/**/*.ts', 'widgets/src/plot/**/*.ts'],
      exclude: ['**/*.test.ts', '**/*.contract.ts', '**/generated/**'],
    },
  },
});
