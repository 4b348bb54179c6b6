/** Limits are never shorter than what a patient client announces, unless the policy means them to be. */
import { expect, test } from "vitest";
import { patienceFor } from "../../../proxy/upstream/patience.ts";

const usual = { connectMs: 10_000, firstByteMs: 600_000, idleMs: 600_000 };

test.each([
  [[], 600_000],
  [["X-Stainless-Timeout", "600"], 600_000],
  [["X-Stainless-Timeout", "3600"], 3_600_000],
  [["x-stainless-timeout", "60", "X-Stainless-Read-Timeout", "1800"], 1_800_000],
  [["x-stainless-timeout", "30"], 600_000],
  [["x-stainless-timeout", "not given"], 600_000],
  [["x-stainless-timeout", "1e12"], 86_400_000],
])("a client that says %j is waited with for %i ms", (headers, expectedMs) => {
  const limits = { ...usual, firstByteMs: expectedMs, idleMs: expectedMs };
  expect(patienceFor(usual, headers)).toEqual(limits);
});

test("a limit that the policy sets shorter, or off, stays as it is", () => {
  const own = { connectMs: 1, firstByteMs: 5_000, idleMs: 0 };
  expect(patienceFor(own, ["x-stainless-timeout", "3600"])).toEqual(own);
});
