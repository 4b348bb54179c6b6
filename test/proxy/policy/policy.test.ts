/** Providers, targets and bounds of a compiled policy, what they are by default, and that nothing changes them later. */
import { describe, expect, test } from "vitest";
import { policyOf, problemsOf } from "./fixture.ts";

test("a policy that says nothing has defaults that change no call", async () => {
  const policy = await policyOf("version: 1\n");
  expect(policy).toMatchObject({
    mode: "enforce",
    model: "support-v1",
    deny: [],
    intents: [],
    routes: [],
    cache: {
      mode: "off",
      scope: "user",
      identity: { kind: "protocol" },
      ttlMs: 3_600_000,
      tools: false,
    },
    store: { maxEntries: 1000, maxBytes: 67_108_864 },
    outage: { staleMs: 0, answer: false },
    limits: { inspectBytes: 1_048_576, decisionMs: 50, queue: 64 },
  });
  expect([...policy.weights]).toEqual([
    ["length", 0.3],
    ["syntax", 0.3],
    ["uncertainty", 0.2],
    ["emotion", 0.2],
    ["difficulty", 0],
    ["keywords", 0],
  ]);
});

test("the vendors' own addresses are the providers of a policy that names none", async () => {
  const { providers } = await policyOf("version: 1\n");
  expect([...providers.keys()]).toEqual(["openai", "anthropic"]);
  expect(providers.get("openai")).toMatchObject({
    protocol: "openai-chat",
    key: null,
    retries: 0,
    sendsBaggage: false,
    // Never shorter than what the official clients wait.
    timeouts: { connectMs: 10_000, firstByteMs: 600_000, idleMs: 600_000 },
    breaker: { errorThreshold: 0.5, windowMs: 30_000, minRequests: 10, cooldownMs: 15_000 },
  });
  expect(providers.get("openai")?.url.href).toBe("https://api.openai.com/v1");
  expect(providers.get("anthropic")?.url.href).toBe("https://api.anthropic.com/");
  expect(providers.get("anthropic")?.protocol).toBe("anthropic-messages");
});

test("named providers are the only ones, and a known name needs no address", async () => {
  const { providers } = await policyOf(`providers:
  anthropic: { key: abc, retries: 2, timeouts: { connect: 2s }, breaker: { window: 1m } }
  own: { url: "HTTP://localhost:8080/base", protocol: anthropic-messages }
`);
  expect([...providers.keys()]).toEqual(["anthropic", "own"]);
  expect(providers.get("anthropic")).toMatchObject({
    key: "abc",
    retries: 2,
    sendsBaggage: false,
    timeouts: { connectMs: 2000, firstByteMs: 600_000 },
    breaker: { windowMs: 60_000, minRequests: 10 },
  });
  expect(providers.get("own")?.protocol).toBe("anthropic-messages");
  expect(providers.get("own")?.url.pathname).toBe("/base");
});

test("a preference for the pod is another way to write a sample", async () => {
  const route = 'routes: [{ name: a, when: { text: "^a$" }, answer: { template: b } }]\n';
  const ruleOf = async (text: string) => (await policyOf(text + route)).routes[0]?.verify;
  const preferred = await ruleOf("edge_preference: 0.95\n");
  expect(preferred).toMatchObject({ sample: 0.05 });
  expect(await ruleOf("verify: 5%\n")).toEqual(preferred);
  await expect(ruleOf("edge_preference: 0.95\nverify: 5%\n")).rejects.toThrow(/one of the two/);
});

test("a target is its provider under its own limits", async () => {
  const { targets } = await policyOf(`providers:
  own: { url: http://h, timeouts: { connect: 1s, idle: 9s }, breaker: { cooldown: 1s } }
targets:
  - name: plain
    provider: own
  - name: full
    provider: own
    model: small-1
    params: { temperature: 0, user: none, parallel: true }
    price: { input: 0.25, output: 1.25, as_of: 2026-11-01 }
    timeouts: { connect: 150ms }
    breaker: { error_threshold: 20%, min_requests: 3 }
`);
  expect(targets.get("plain")).toMatchObject({ model: null, price: null });
  expect(targets.get("full")).toMatchObject({
    model: "small-1",
    price: { input: 0.25, output: 1.25, asOf: "2026-11-01" },
    provider: {
      name: "own",
      timeouts: { connectMs: 150, firstByteMs: 600_000, idleMs: 9000 },
      breaker: { errorThreshold: 0.2, minRequests: 3, cooldownMs: 1000, windowMs: 30_000 },
    },
  });
  expect([...(targets.get("full")?.params ?? [])]).toEqual([
    ["temperature", 0],
    ["user", "none"],
    ["parallel", true],
  ]);
});

test("a target computes where its provider does, unless it says otherwise", async () => {
  const { providers, targets } = await policyOf(`providers:
  own: { url: http://h, region: eu-west-1 }
  plain: { url: http://i }
targets:
  - { name: there, provider: own }
  - { name: elsewhere, provider: own, region: us-east-2 }
  - { name: somewhere, provider: plain }
`);
  expect(providers.get("own")?.region).toBe("eu-west-1");
  expect([...targets.values()].map(({ provider }) => provider.region)).toEqual([
    "eu-west-1",
    "us-east-2",
    null,
  ]);
});

test("an audit log has bounds, and neither it nor content is kept unless asked for", async () => {
  const { audit } = await policyOf("audit: { file: /var/log/audit.jsonl }\n");
  expect(audit).toEqual({
    file: "/var/log/audit.jsonl",
    flushMs: 1000,
    maxBytes: 67_108_864,
    keep: 10,
    salt: null,
    content: null,
  });
  expect((await policyOf("version: 1\n")).audit.file).toBeNull();
  const full = await policyOf(
    `audit: { file: stdout, flush: 5s, max_bytes: 1MiB, keep: 0, salt: "", content: { reply: false } }\n`,
  );
  expect(full.audit).toEqual({
    file: "stdout",
    flushMs: 5000,
    maxBytes: 1_048_576,
    keep: 0,
    salt: null,
    content: { request: true, reply: false, maxChars: 500 },
  });
});

test.each([
  ["audit.jsonl", "1:16 expected an absolute path such as /var/log/sidestep/audit.jsonl"],
  ["/var/log/", "1:16 expected an absolute path"],
  ["stdout, salt: pepper", "1:30 a salt has at least 16 characters"],
  ["stdout, max_bytes: 1KiB", "1:35 expected 4096B to 64GiB"],
])("an audit log cannot be kept so: %s", async (file, problem) => {
  const [told = ""] = await problemsOf(`audit: { file: ${file} }\n`);
  expect(told.startsWith(problem)).toBe(true);
});

test("a target may use a default provider", async () => {
  const { targets } = await policyOf("targets: [{ name: a, provider: anthropic }]\n");
  expect(targets.get("a")?.provider.name).toBe("anthropic");
});

describe("amounts", () => {
  test.each([
    ["150ms", 150],
    ["1.5s", 1500],
    ["0.5m", 30_000],
    ["2h", 7_200_000],
    ["1d", 86_400_000],
    ["0", 0],
    ["0s", 0],
  ])("a duration of %s", async (written, ms) => {
    expect((await policyOf(`outage: { stale: ${written} }\n`)).outage.staleMs).toBe(ms);
  });

  test.each([
    ["2000", 2000],
    ["2048B", 2048],
    ["64KiB", 65_536],
    ["64KB", 64_000],
    ["1.5MB", 1_500_000],
    ["10MiB", 10_485_760],
    ["0.01GB", 10_000_000],
    ["0.0625GiB", 67_108_864],
  ])("a size of %s", async (written, bytes) => {
    expect((await policyOf(`limits: { inspect: ${written} }\n`)).limits.inspectBytes).toBe(bytes);
  });

  test.each([
    ["protocol", { kind: "protocol" }],
    ["body.user", { kind: "body.user" }],
    ["body.metadata.user_id", { kind: "body.metadata.user_id" }],
    ["header X-End-User", { kind: "header", name: "x-end-user" }],
  ])("an identity in %s", async (written, identity) => {
    expect((await policyOf(`cache: { identity: ${written} }\n`)).cache.identity).toEqual(identity);
  });

  test("a comparison in percent", async () => {
    const text = 'deny: { in_scope: "< 50%", all: [{ injection: ">= 0.5" }] }\n';
    expect((await policyOf(text)).deny).toMatchObject([
      { of: [{ kind: "in_scope", is: { op: "<", value: 0.5 } }, { kind: "all" }] },
    ]);
  });
});

test("the model may be another one, or none", async () => {
  expect((await policyOf("model: ./models/own\n")).model).toBe("./models/own");
  expect((await policyOf("model: null\n")).model).toBeNull();
  expect((await policyOf("version: 1\nmodel:\n")).model).toBeNull();
});

test("weights that are given are all there are", async () => {
  const { weights } = await policyOf("complexity: { weights: { keywords: 1, difficulty: 0.5 } }\n");
  expect([...weights.values()]).toEqual([0, 0, 0, 0, 0.5, 1]);
});

test("intents are a sentence, a list, or examples with look-alikes", async () => {
  const { intents } = await policyOf(`intents:
  one: hello there
  two: [a, b]
  three: { examples: c, not: [d] }
`);
  expect(intents).toEqual([
    { name: "one", examples: ["hello there"], not: [] },
    { name: "two", examples: ["a", "b"], not: [] },
    { name: "three", examples: ["c"], not: ["d"] },
  ]);
});

test("the store's bounds belong to the policy's cache", async () => {
  const { store, cache } = await policyOf(
    "cache: { mode: exact, max_entries: 5, max_bytes: 1MiB }\n",
  );
  expect(store).toEqual({ maxEntries: 5, maxBytes: 1_048_576 });
  expect(cache).not.toHaveProperty("max_entries");
});

/** Everything that hangs together with a value and could be changed. */
function partsOf(value: unknown, seen = new Set<object>()): ReadonlySet<object> {
  if (typeof value !== "object" || value === null || seen.has(value)) return seen;
  seen.add(value);
  const inner = value instanceof Map ? [...value.values()] : Object.values(value);
  for (const each of inner) partsOf(each, seen);
  return seen;
}

test("a compiled policy is frozen through and through", async () => {
  const policy = await policyOf(
    `providers: { openai: {} }
deny: { any: [{ header: { a: b } }, { text: x }] }
intents: { hi: [hello] }
targets: [{ name: t, provider: openai, params: { a: 1 }, price: { input: 1, output: 1, as_of: 2026-01-01 } }]
complexity: { keywords: { k: [w] } }
routes:
  - { name: a, when: { text: x }, answer: { template: { en: "{s}" }, slots: { s: x } }, cache: exact }
  - { name: b, answer: { faq: faq.yaml } }
  - { name: c, when: { text: x }, answer: { label: sentiment, labels: { positive: up } } }
prices: { m: { input: 1, output: 1, as_of: 2026-01-01 } }
`,
    { "faq.yaml": "- { q: Who?, answer: Us. }\n" },
  );
  const parts = [...partsOf(policy)];
  expect(parts.length).toBeGreaterThan(60);
  expect(parts.filter((part) => !Object.isFrozen(part))).toEqual([]);
  for (const part of parts) {
    if (!(part instanceof Map)) continue;
    expect(() => part.set("x", 1)).toThrow(TypeError);
    expect(() => part.delete([...part.keys()][0])).toThrow(TypeError);
    expect(() => part.clear()).toThrow(TypeError);
  }
  const url = policy.providers.get("openai")?.url;
  if (url === undefined) throw new Error("no provider");
  expect(() => Object.assign(url, { host: "elsewhere.example" })).toThrow(TypeError);
  url.searchParams.set("a", "b");
  expect(String(url)).toBe("https://api.openai.com/v1");
  expect(new URL("x", url).href).toBe("https://api.openai.com/x");
});
