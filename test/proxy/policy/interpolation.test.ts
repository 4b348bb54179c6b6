/** `${VAR}` in a policy's scalars is filled from the environment that is handed in, and from nothing else. */
import { expect, test } from "vitest";
import { interpolate } from "../../../proxy/policy/interpolation.ts";
import { loadFiles, policyOf, problemsOf } from "./fixture.ts";

test.each([
  ["a ${A} b", "a one b"],
  ["${A}${A}", "oneone"],
  ["${A:-x}", "one"],
  ["${B:-x y}", "x y"],
  ["${B:-}", ""],
  ["${EMPTY}", ""],
  ["${EMPTY:-x}", "x"],
  ["$${A}", "${A}"],
  ["$A and $", "$A and $"],
  ["cost: $5 {A}", "cost: $5 {A}"],
  ["${B:-a:-b}", "a:-b"],
])("%s becomes %j", (source, text) => {
  const filled = interpolate(source, { A: "one", EMPTY: "" });
  expect(filled.problems).toEqual([]);
  expect(filled.text).toBe(text);
});

test.each(["${", "${A", "${}", "${1A}", "${A-x}", "${A:-${B}}", "${ A }"])(
  "%s is malformed",
  (source) => {
    expect(interpolate(source, { A: "one" }).problems).toHaveLength(1);
  },
);

test("names that every object has are not variables", () => {
  expect(interpolate("${constructor}", {}).problems).toHaveLength(1);
});

test("a filled plain value has its own kind, a quoted one stays text", async () => {
  const text = `limits:
  queue: \${QUEUE}
  decision: \${WAIT:-20ms}
outage:
  answer: \${ANSWER:-true}
providers: { openai: { key: "\${KEY}" } }
`;
  const policy = await policyOf(text, {}, { QUEUE: "8", KEY: "123" });
  expect(policy.limits).toMatchObject({ queue: 8, decisionMs: 20 });
  expect(policy.outage.answer).toBe(true);
  expect(policy.providers.get("openai")?.key).toBe("123");
});

test("a key that looks like a number or has leading zeros is still the same key", async () => {
  const text = "providers:\n  openai:\n    key: ${KEY}\n";
  const keys = ["1234", "007", "1e5", "0x1F", "true", "1.50"];
  for (const key of keys) {
    const policy = await policyOf(text, {}, { KEY: key });
    expect(policy.providers.get("openai")?.key).toBe(key);
  }
});

test("what a variable holds is never read as YAML", async () => {
  const text = "model: ${MODEL}\nmode: observe\n";
  const policy = await policyOf(text, {}, { MODEL: "x\nmode: enforce" });
  expect(policy).toMatchObject({ model: "x\nmode: enforce", mode: "observe" });
});

test("an empty key keeps the caller's credential", async () => {
  const text = "providers:\n  anthropic:\n    key: ${ANTHROPIC_API_KEY:-}\n";
  const policy = await policyOf(text);
  expect(policy.providers.get("anthropic")?.key).toBeNull();
});

test("every variable that is missing is told, once, and nothing that follows from it", async () => {
  expect(await problemsOf("providers: { openai: { url: '${A}', key: '${B}${C}' } }\n")).toEqual([
    "1:29 the environment has no variable A; set it, or give a default: ${A:-...}",
    "1:42 the environment has no variable B; set it, or give a default: ${B:-...}; the environment has no variable C; set it, or give a default: ${C:-...}",
  ]);
});

test("the process's own environment is not read", async () => {
  const loaded = await loadFiles({ "policy.yaml": "model: ${PATH}\n" });
  expect(loaded.ok).toBe(false);
});

test("FAQ files are filled too", async () => {
  const faq = "- { q: Who?, answer: 'Call ${PHONE:-555}' }\n";
  const text = "routes: [{ name: a, answer: { faq: faq.yaml } }]\n";
  const policy = await policyOf(text, { "faq.yaml": faq });
  expect(policy.faqs.get("faq.yaml")?.entries[0]?.answer).toBe("Call 555");
});
