/** The first line of what an error says, whatever was thrown. */
const firstLine = (error) => String(error?.message ?? error).split('\n', 1)[0];

/** A vitest reporter that counts how many tests passed, failed and were skipped, and why. */
export class TestSummary {
  passed = 0;
  /** A line for each failure: what failed, and the first line of why. */
  failures = [];
  skipped = 0;
  /** Reason → names of the tests skipped for it. */
  reasons = new Map();

  onTestRunEnd(testModules, unhandledErrors) {
    for (const testModule of testModules) {
      // A file that cannot be loaded has no tests, and must not look like one without failures.
      const errors = testModule.errors();
      if (errors.length > 0) this.fail(testModule.moduleId, errors);
      for (const test of testModule.children.allTests()) this.count(test);
    }
    for (const error of unhandledErrors) this.fail('outside of any test', [error]);
  }

  get failed() {
    return this.failures.length;
  }

  fail(what, errors) {
    this.failures.push(`failed: ${what}: ${firstLine(errors[0])}`);
  }

  count(test) {
    const result = test.result();
    if (result.state === 'passed') this.passed++;
    else if (result.state === 'failed')
      this.fail(`${test.module.relativeModuleId} > ${test.fullName}`, result.errors);
    else {
      this.skipped++;
      const reason = result.note ?? 'no reason given';
      this.reasons.set(reason, [...(this.reasons.get(reason) ?? []), test.fullName]);
    }
  }

  /**
   * The closing lines: every failure, since of a long log the end may be all that is kept, every reason for skipping,
   * then the score alone on the last line.
   */
  lines() {
    const skips = [...this.reasons].map(([reason, names]) => {
      const others = names.length === 1 ? '' : ` and ${names.length - 1} more`;
      return `skipped: ${reason} (${names[0]}${others})`;
    });
    return [
      ...this.failures,
      ...skips,
      `${this.passed} passed, ${this.failed} failed, ${this.skipped} skipped`,
    ];
  }
}
