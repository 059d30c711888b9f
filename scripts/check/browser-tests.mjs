// Runs the browser tests and leaves their counts in the file that is named, in the words of vitest's JSON report.
import { writeFileSync } from 'node:fs';
import { startTestRunner, summaryReporter } from '@web/test-runner';
import config from '../../web-test-runner.config.mjs';

const [report] = process.argv.slice(2);

const testsOf = ({ tests = [], suites = [] } = {}) => [...tests, ...suites.flatMap(testsOf)];

const counts = {
  onTestRunFinished({ sessions }) {
    const tests = sessions.flatMap(({ testResults }) => testsOf(testResults));
    const numPassedTests = tests.filter(({ passed, skipped }) => passed && !skipped).length;
    const numPendingTests = tests.filter(({ skipped }) => skipped).length;
    const numFailedTests = tests.length - numPassedTests - numPendingTests;
    writeFileSync(report, JSON.stringify({ numPassedTests, numFailedTests, numPendingTests, numTodoTests: 0 }));
  },
};

await startTestRunner({
  config: { ...config, reporters: [summaryReporter(), counts] },
  readFileConfig: false,
  readCliArgs: false,
});
