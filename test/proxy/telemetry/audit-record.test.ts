/** What the audit log says of a call: the decision record, and where and by whom it was made; docs/audit.md names every field. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { bodyOf, noRecord, sealed } from "../../../proxy/telemetry/audit-chain.ts";
import { auditFields, callerHash } from "../../../proxy/telemetry/audit-record.ts";
import { knownSignals, modelOf, policyOf, providerOf } from "../../support/builders.ts";
import { callOf, forwardedVerdict, recordOf, verdictOf } from "./records.ts";

const page = readFileSync(join(import.meta.dirname, "../../../docs/audit.md"), "utf8");

/** Names in the first column of the table that begins with `head`. */
function namesUnder(head: string): readonly string[] {
  const table = page.slice(page.indexOf(head)).split("\n\n")[0] ?? "";
  const rows = table.split("\n").filter((line) => line.startsWith("| `"));
  return rows.flatMap((row) =>
    [...(row.split("|")[1] ?? "").matchAll(/`(\w+)`/g)].map(([, name = ""]) => name),
  );
}

describe("a record of the audit log", () => {
  it("has the fields that docs/audit.md names, and no other", () => {
    const { audit } = policyOf();
    const content = { request: true, reply: true, maxChars: 10 };
    const policy = policyOf({ audit: { ...audit, content } });
    const fields = auditFields(recordOf(), callOf({ snapshot: { policy } }), null);
    const line: object = JSON.parse(sealed(bodyOf(fields), noRecord).text);
    expect(namesUnder("| field |").toSorted()).toEqual(Object.keys(line).toSorted());
  });

  it("names the hashes of policy and model whole", () => {
    const signals = knownSignals(modelOf());
    const { model } = signals;
    if (model.kind !== "known") throw new Error("the model was asked");
    const classification = { ...model.classification, modelHash: "feed" };
    const verdict = verdictOf({ signals: { ...signals, model: { ...model, classification } } });
    const snapshot = { policy: policyOf({ hash: "beef" }) };
    expect(auditFields(recordOf({ verdict }), callOf({ snapshot }), null)).toMatchObject({
      policy: "abcdef012345",
      policyHash: "beef",
      classifier: "test",
      classifierHash: "feed",
    });
  });

  it("says where the provider or target computes that was asked, and nothing where none was", () => {
    const cloud = providerOf("openai", "http://h", { region: "eu-west-1" });
    const near = { ...cloud, region: "eu-north-1" };
    const target = { name: "near", provider: near, model: null, params: new Map(), price: null };
    const policy = policyOf({
      providers: new Map([["openai", cloud]]),
      targets: new Map([["near", target]]),
    });
    const call = callOf({ snapshot: { policy } });
    const regionOf = (verdict = verdictOf()): unknown =>
      auditFields(recordOf({ verdict }), call, null)["region"];
    expect(regionOf(forwardedVerdict())).toBe("eu-west-1");
    expect(regionOf(forwardedVerdict({ target: "near" }))).toBe("eu-north-1");
    expect(regionOf(forwardedVerdict({ provider: "elsewhere" }))).toBeNull();
    expect(regionOf()).toBeNull();
  });

  it("names a caller by a hash that takes the salt to find", () => {
    const hash = callerHash("key of Ann", "salt");
    expect(hash).toMatch(/^[0-9a-f]{16}$/);
    expect(callerHash("key of Ann", "salt")).toBe(hash);
    expect(callerHash("key of Bob", "salt")).not.toBe(hash);
    expect(callerHash("key of Ann", "other")).not.toBe(hash);
  });
});
