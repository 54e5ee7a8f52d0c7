/** What the tests said under one version of Node, and the page that shows it. */

export interface Outcome {
  /** As in `process.versions`. */
  node: string;
  openssl: string;
  passed: number;
  failed: number;
  skipped: number;
  /** Titles of the tests that failed. */
  failures: string[];
}

/** The part of vitest's report in JSON that counts. */
interface Report {
  numPassedTests: number;
  numFailedTests: number;
  numPendingTests: number;
  testResults: { name: string; status: string; assertionResults: { fullName: string; status: string }[] }[];
}

/** Throws when a file of tests could not be loaded: such a one counts nowhere. */
export function readReport(text: string, versions: { node: string; openssl: string }): Outcome {
  const { numPassedTests, numFailedTests, numPendingTests, testResults } = JSON.parse(text) as Report;
  const broken = testResults.find(
    ({ status, assertionResults }) => status === 'failed' && assertionResults.length === 0,
  );
  if (broken !== undefined) throw new Error(`${broken.name} cannot be loaded under Node ${versions.node}`);
  const failures = testResults
    .flatMap(({ assertionResults }) => assertionResults)
    .filter(({ status }) => status === 'failed')
    .map(({ fullName }) => fullName);
  return {
    node: versions.node,
    openssl: versions.openssl,
    passed: numPassedTests,
    failed: numFailedTests,
    skipped: numPendingTests,
    failures,
  };
}

/** The page, a row for each version; `kernel`: `6.18`. */
export function page(outcomes: readonly Outcome[], what: readonly string[], kernel: string): string {
  const rows = outcomes.map(
    ({ node, openssl, passed, failed, skipped }) =>
      `| ${node} | ${openssl} | ${passed} | ${failed} | ${skipped} |`,
  );
  const failures = outcomes.flatMap(({ node, failures: titles }) =>
    titles.map((title) => `- Node ${node}: ${title}`),
  );
  return [
    '# Versions of Node',
    '',
    '<!-- Written by "npm run node-matrix"; do not edit. -->',
    '',
    'Octolink runs with Node 20.19 or newer. Debian packages and the tarball bring Node 24 along. The addon is the same file for all:',
    'it uses Node-API, and of OpenSSL what each of these versions has.',
    '',
    '| Node | OpenSSL in it | tests passed | failed | skipped |',
    '| --- | --- | --- | --- | --- |',
    ...rows,
    '',
    `On Linux ${kernel}. The tests: ${what.map((name) => `\`${name}\``).join(', ')}. Those under \`netns\` run daemons and`,
    'CLI under the same version.',
    '',
    ...(failures.length === 0 ? [] : ['What failed:', '', ...failures, '']),
  ].join('\n');
}
