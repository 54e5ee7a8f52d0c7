import { expect, it } from 'vitest';
import { page, readReport } from '../../scripts/node-matrix/outcome.js';

const VERSIONS = { node: '26.1.0', openssl: '3.5.9' };
const report = (assertionResults: object[], status = 'passed') =>
  JSON.stringify({
    numPassedTests: 2,
    numFailedTests: 1,
    numPendingTests: 3,
    testResults: [{ name: 'dist/test/a.test.js', status, assertionResults }],
  });

it('counts what passed, and names what failed', () => {
  const results = [
    { fullName: 'a thing works', status: 'passed' },
    { fullName: 'a thing breaks', status: 'failed' },
  ];
  const outcome = readReport(report(results, 'failed'), VERSIONS);
  expect(outcome).toEqual({ ...VERSIONS, passed: 2, failed: 1, skipped: 3, failures: ['a thing breaks'] });
  const text = page([outcome], ['native'], '6.1');
  expect(text).toContain('| 26.1.0 | 3.5.9 | 2 | 1 | 3 |');
  expect(text).toContain('- Node 26.1.0: a thing breaks');
});

it('does not take a file that cannot be loaded for one that passed', () => {
  expect(() => readReport(report([], 'failed'), VERSIONS)).toThrow('cannot be loaded under Node 26.1.0');
});
