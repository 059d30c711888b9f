import { defineConfig } from 'vitest/config';

// Workspace packages are tested from their sources, without a build.
const source = {
  resolve: { conditions: ['quantumflux-source'] },
  ssr: { resolve: { conditions: ['quantumflux-source'] } },
};

// Starts a PostgreSQL for the tests that ask for one.
const globalSetup = './tests/postgres.setup.ts';

export default defineConfig({
  test: {
    projects: [
      {
        ...source,
        test: {
          name: 'node',
          globalSetup,
          include: ['{sdk,server}/src/**/*.test.ts', 'widgets/src/plot/**/*.test.ts', 'tests/rules/**/*.test.ts'],
          testTimeout: 30_000,
          hookTimeout: 60_000,
        },
      },
      // Whole systems: one at a time, so that they do not slow each other down.
      {
        ...source,
        test: {
          name: 'e2e',
          globalSetup,
          include: ['tests/{e2e,faults}/**/*.test.ts'],
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
