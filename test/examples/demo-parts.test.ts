/** The demo's own parts: what it prints fits the terminal, and it notices what is not as expected. */

import { expect, it } from "vitest";
import { complaint, openAiCall } from "../../examples/demo/call.ts";
import type { Outcome } from "../../examples/demo/call.ts";
import { callLine, headLine } from "../../examples/demo/table.ts";
import { fitted, terminalOn } from "../../examples/demo/terminal.ts";

const outcome: Outcome = {
  decision: "local",
  reason: "answered_template",
  route: "greeting",
  confidence: 0.987,
  complexity: 0.1,
  durationMs: 4.2,
  costUsd: 0,
  savedUsd: 0.000012,
  requestId: "id",
  answer: "Hello! How can I help you today?",
};

it("cuts and fills text to columns, wide characters counted twice", () => {
  expect(fitted("short", 8)).toBe("short   ");
  expect(fitted("7", 3, "right")).toBe("  7");
  expect(fitted("much too long", 6)).toBe("much …");
  expect(fitted("こんにちは", 6)).toBe("こん… ");
  expect(fitted("two\n lines", 9)).toBe("two lines");
});

it("prints a line a call that fits the width, coloured on a terminal only", () => {
  const lines: string[] = [];
  for (const columns of [80, 110, 300]) {
    const plain = terminalOn({ columns, write: (text) => lines.push(text) }, {});
    const line = callLine(plain, openAiCall("Hello! ".repeat(40)), outcome);
    expect(line.length).toBeLessThanOrEqual(Math.min(140, columns) + 1);
    expect(headLine(plain).length).toBeLessThanOrEqual(Math.min(140, columns) + 1);
    expect(line).toContain("answered_temp");
    expect(line).not.toContain("\u001b");
  }
  const live = terminalOn({ isTTY: true, columns: 100, write: Boolean }, {});
  expect(callLine(live, openAiCall("Hello"), outcome)).toContain("\u001b[32m");
  const muted = terminalOn({ isTTY: true, columns: 100, write: Boolean }, { NO_COLOR: "1" });
  expect(callLine(muted, openAiCall("Hello"), outcome)).not.toContain("\u001b");
});

it("complains about another decision or other words", () => {
  expect(complaint(outcome, { decision: "local", says: "How can I help" })).toBeNull();
  expect(complaint(outcome, { decision: "forwarded" })).toContain("was local");
  expect(complaint(outcome, { decision: "local", route: "faq" })).toContain("was greeting");
  expect(complaint(outcome, { decision: "local", says: "Goodbye" })).toContain("Goodbye");
});
