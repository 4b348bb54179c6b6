/** Prints the run's totals as one plain last line, for scripts that read it, and adds them to the file that SIDESTEP_TOTALS names. */
import { appendFileSync } from "node:fs";
import type { Reporter, TestModule } from "vitest/node";

/** Vitest reporter; a run with an error outside of tests counts it as failed. */
class SummaryReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[], errors: readonly unknown[]): void {
    const count = { passed: 0, failed: errors.length, skipped: 0, pending: 0 };
    for (const module of modules) {
      const tests = [...module.children.allTests()];
      for (const test of tests) count[test.result().state] += 1;
      if (tests.length === 0 && module.state() === "failed") count.failed += 1;
    }
    const totals = process.env["SIDESTEP_TOTALS"];
    if (totals !== undefined) {
      appendFileSync(totals, `${count.passed} ${count.failed} ${count.skipped}\n`);
    }
    const skipped = count.skipped === 0 ? "" : `, ${count.skipped} skipped`;
    process.on("exit", () => {
      process.stdout.write(`\n${count.passed} passed, ${count.failed} failed${skipped}\n`);
    });
  }
}

export default SummaryReporter;
