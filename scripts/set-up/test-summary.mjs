/** A vitest reporter that counts how many tests passed, failed and were skipped, and why. */
export class TestSummary {
  passed = 0;
  failed = 0;
  skipped = 0;
  /** Reason → names of the tests skipped for it. */
  reasons = new Map();

  onTestRunEnd(testModules, unhandledErrors) {
    for (const testModule of testModules) {
      // A file that cannot be loaded has no tests, and must not look like one without failures.
      if (testModule.errors().length > 0) this.failed++;
      for (const test of testModule.children.allTests()) this.count(test);
    }
    this.failed += unhandledErrors.length;
  }

  count(test) {
    const result = test.result();
    if (result.state === 'passed') this.passed++;
    else if (result.state === 'failed') this.failed++;
    else {
      this.skipped++;
      const reason = result.note ?? 'no reason given';
      this.reasons.set(reason, [...(this.reasons.get(reason) ?? []), test.fullName]);
    }
  }

  /** The closing lines: every reason for skipping, then the score alone on the last line. */
  lines() {
    const skips = [...this.reasons].map(([reason, names]) => {
      const others = names.length === 1 ? '' : ` and ${names.length - 1} more`;
      return `skipped: ${reason} (${names[0]}${others})`;
    });
    return [...skips, `${this.passed} passed, ${this.failed} failed, ${this.skipped} skipped`];
  }
}
