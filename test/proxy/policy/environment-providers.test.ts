/** SIDESTEP_PROVIDERS: providers that an injected sidecar is told of beside its policy. */
import { expect, test } from "vitest";
import { loadFiles, policyOf, problemLines } from "./fixture.ts";

const groq = '{"app-groq":{"url":"https://api.groq.com/openai/v1","protocol":"openai-chat"}}';

function providersWith(text: string, given: string, more: Readonly<Record<string, string>> = {}) {
  return policyOf(text, {}, { SIDESTEP_PROVIDERS: given, ...more }).then(({ providers }) =>
    Object.fromEntries([...providers].map(([name, { url, key }]) => [name, [url.href, key]])),
  );
}

test("stand beside the vendors' own where the policy names none", async () => {
  expect(await providersWith("version: 1\n", groq)).toEqual({
    openai: ["https://api.openai.com/v1", null],
    anthropic: ["https://api.anthropic.com/", null],
    "app-groq": ["https://api.groq.com/openai/v1", null],
  });
});

test("stand beside those that the policy names, and add no others", async () => {
  const policy = 'providers: { openai: { url: "https://gateway.example/v1" } }\n';
  expect(await providersWith(policy, groq)).toEqual({
    openai: ["https://gateway.example/v1", null],
    "app-groq": ["https://api.groq.com/openai/v1", null],
  });
});

test("give a key from a variable where the policy has none; the policy's own wins", async () => {
  const given = '{"openai":{"key":"${SIDESTEP_KEY_OPENAI:-}"}}';
  const key = { SIDESTEP_KEY_OPENAI: "sk-real" };
  expect((await providersWith("version: 1\n", given, key))["openai"]?.[1]).toBe("sk-real");
  expect((await providersWith("version: 1\n", given))["openai"]?.[1]).toBe(null);
  const policy = "providers: { openai: { key: sk-policy } }\n";
  expect((await providersWith(policy, given, key))["openai"]?.[1]).toBe("sk-policy");
});

test.each([
  ["[1]", "SIDESTEP_PROVIDERS:1:1 expected a map of providers"],
  ['{"app-x":{}}', "SIDESTEP_PROVIDERS:1:10 the provider `app-x` needs a `url`"],
  ["{", "SIDESTEP_PROVIDERS:1:"],
])("that are none are told with their place: %s", async (given, line) => {
  const loaded = await loadFiles({ "policy.yaml": "version: 1\n" }, { SIDESTEP_PROVIDERS: given });
  if (loaded.ok) throw new Error("it loaded");
  const [first = ""] = problemLines(loaded.problems, loaded.folder);
  expect(first.replace(/^[./]*/, "")).toContain(line);
});
