/** What exactly went wrong with a provider stands in the record, whenever it went wrong. */
import { expect, it } from "vitest";
import type { Ending } from "../../../proxy/core/decision.ts";
import { receivedOf, rigOf, type Script } from "../../support/stack.ts";

async function detailOf(ending: Ending, script?: Script): Promise<string | null | undefined> {
  const rig = rigOf(script === undefined ? {} : { script });
  (await rig.send(receivedOf({}))).ended(ending);
  return rig.records[0]?.verdict.detail;
}

it("before the reply began", async () => {
  const detail = "no connection: ECONNREFUSED";
  const fault = { kind: "fault", reason: "upstream_unreachable", detail } as const;
  const script = () => ({ ...fault, retryAfterMs: null, isRetried: false });
  expect(await detailOf({ kind: "complete" }, script)).toBe(detail);
});

it("within the reply", async () => {
  const detail = "no byte within the idle limit";
  expect(await detailOf({ kind: "cut", detail })).toBe(detail);
});

it("and nothing where nothing did", async () => {
  expect(await detailOf({ kind: "complete" })).toBeNull();
});
