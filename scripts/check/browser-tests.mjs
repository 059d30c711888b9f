// Runs the browser tests and leaves their counts in the file that is named, in the words of vitest's JSON report.
import { writeFileSync } from 'node:fs';
import { startTestRunner, summaryReporter } from '@web/test-runner';
import config from '../../web-test-runner.config.mjs';

const [report] = process.argv.slice(2);

const testsOf = ({ tests = [], suites = [] } = {}) => [...tests, ...suites.flatMap(testsOf)];

const statusOf = ({ passed, skipped }) => (skipped ? 'pending' : passed ? 'passed' : 'failed');

const counts = {
  onTestRunFinished({ sessions }) {
    const testResults = sessions.map(({ passed, testResults }) => ({
      status: passed ? 'passed' : 'failed',
      assertionResults: testsOf(testResults).map((test) => ({ status: statusOf(test) })),
    }));
    const tests = testResults.flatMap(({ assertionResults }) => assertionResults);
    const count = (status) => tests.filter((test) => test.status === status).length;
    writeFileSync(
      report,
      JSON.stringify({
        numPassedTests: count('passed'),
        numFailedTests: count('failed'),
        numPendingTests: count('pending'),
        numTodoTests: 0,
        testResults,
      }),
    );
  },
};

await startTestRunner({
  config: { ...config, reporters: [summaryReporter(), counts] },
  readFileConfig: false,
  readCliArgs: false,
});
