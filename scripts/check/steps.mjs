import { mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { root, run } from '../run.mjs';

const reports = join(root, 'node_modules/.cache/quantumflux/check');

/** Runs a program that says by its exit code whether all is well. */
export async function program(...args) {
  const { ok, output } = await run(args);
  return { passed: ok ? 1 : 0, failed: ok ? 0 : 1, output };
}

/** Runs the tests of one vitest project. */
export const vitest = (project) =>
  counted(project, (report) => [
    ...['node_modules/vitest/vitest.mjs', 'run', '--project', project],
    ...['--reporter=default', '--reporter=json', `--outputFile.json=${report}`],
  ]);

/** Runs the tests of the elements in a real browser. */
export const browserTests = () => counted('browser', (report) => ['scripts/check/browser-tests.mjs', report]);

/** Runs a program that shows its tests and leaves its counts in a file. */
async function counted(name, argsFor) {
  const report = join(reports, `${name}.json`);
  mkdirSync(reports, { recursive: true });
  rmSync(report, { force: true });
  const { ok } = await run(argsFor(report), { loud: true });
  const { passed = 0, failed = 0, skipped = 0 } = read(report);
  // What breaks outside of its tests, the runner itself for one, has failed no test and has failed.
  return { passed, failed: ok ? failed : Math.max(failed, 1), skipped };
}

function read(report) {
  try {
    const { numPassedTests, numFailedTests, numPendingTests, numTodoTests, testResults } = JSON.parse(
      readFileSync(report, 'utf8'),
    );
    const broken = testResults.filter(isBroken).length;
    return { passed: numPassedTests, failed: numFailedTests + broken, skipped: numPendingTests + numTodoTests };
  } catch {
    return {};
  }
}

/** Whether a file failed without a test of it: it could not be read, or one of its hooks broke. */
const isBroken = ({ status, assertionResults }) =>
  status === 'failed' && !assertionResults.some((test) => test.status === 'failed');
