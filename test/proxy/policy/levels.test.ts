/** Levels of a policy: inner ones go first, and cannot loosen what an outer one forbids. */
import { join } from "node:path";
import { expect, test } from "vitest";
import type { Policy } from "../../../proxy/core/policy.ts";
import { loadPolicy } from "../../../proxy/policy/load.ts";
import { createPolicyWatch } from "../../../proxy/policy/watch.ts";
import { folderWith, problemLines, writeFiles, type Files } from "./fixture.ts";

const names = ["cluster", "namespace", "pod"] as const;

/** Files by level; a level that is not named is a folder that is not there. */
async function load(files: Readonly<Partial<Record<(typeof names)[number], Files>>>) {
  const folder = folderWith({});
  for (const name of names) writeFiles(join(folder, name), files[name] ?? {});
  const loaded = await loadPolicy({ path: names.map((name) => join(folder, name)), env: {} });
  return { loaded, folder };
}

async function policyFrom(files: Parameters<typeof load>[0]): Promise<Policy> {
  const { loaded, folder } = await load(files);
  if (!loaded.ok) throw new Error(problemLines(loaded.problems, folder).join("\n"));
  return loaded.policy;
}

test("inner routes come first, inner values win, deny and targets add up", async () => {
  const policy = await policyFrom({
    cluster: {
      "a.yaml": `mode: enforce
cache: exact
deny: [{ tools: true }]
targets: [{ name: t1, provider: openai }]
providers: { openai: { url: "https://cluster.example/v1", key: k }, anthropic: {} }
routes: [{ name: c1, forward: {} }, { name: c2, forward: {} }]
`,
    },
    namespace: { "a.yaml": "cache: off\nroutes: [{ name: n1, forward: {} }]\n" },
    pod: {
      "a.yaml": `deny: [{ stream: true }]
targets: [{ name: t2, provider: openai }]
providers: { openai: { url: "https://pod.example/v1" } }
routes: [{ name: p1, forward: {} }]
`,
    },
  });
  expect(policy.routes.map(({ name }) => name)).toEqual(["p1", "n1", "c1", "c2"]);
  expect(policy.cache.mode).toBe("off");
  expect(policy.deny).toHaveLength(2);
  expect([...policy.targets.keys()]).toEqual(["t1", "t2"]);
  expect(policy.providers.get("openai")).toMatchObject({ key: "k" });
  expect(policy.providers.get("openai")?.url.href).toBe("https://pod.example/v1");
});

test("an outer `mode: observe` stays, for the routes of inner levels too", async () => {
  const policy = await policyFrom({
    cluster: { "a.yaml": "mode: observe\nroutes: [{ name: tried, mode: enforce, forward: {} }]\n" },
    pod: { "a.yaml": "mode: enforce\nroutes: [{ name: own, mode: enforce, forward: {} }]\n" },
  });
  expect(policy.mode).toBe("observe");
  expect(policy.routes.map(({ name, mode }) => [name, mode ?? null])).toEqual([
    ["own", null],
    ["tried", "enforce"],
  ]);
});

test("an inner `mode: observe` holds where the outer level enforces", async () => {
  const policy = await policyFrom({
    cluster: { "a.yaml": "mode: enforce\n" },
    pod: { "a.yaml": "mode: observe\nroutes: [{ name: own, mode: enforce, forward: {} }]\n" },
  });
  expect(policy.mode).toBe("observe");
  expect(policy.routes[0]?.mode).toBe("enforce");
});

test("outer limits stay, and inner ones fill what they leave open", async () => {
  const policy = await policyFrom({
    cluster: { "a.yaml": "limits: { decision: 20ms }\n" },
    pod: { "a.yaml": "limits: { decision: 2s, queue: 3 }\n" },
  });
  expect(policy.limits).toMatchObject({ decisionMs: 20, queue: 3 });
});

test("an outer audit log stays as it is, and an inner one is taken where the outer level has none", async () => {
  const inner = "audit: { file: /tmp/elsewhere, keep: 0, content: { request: true } }\n";
  const kept = await policyFrom({
    cluster: { "a.yaml": "audit: { file: /var/log/audit.jsonl }\n" },
    namespace: { "a.yaml": "audit: { flush: 10ms }\n" },
    pod: { "a.yaml": inner },
  });
  expect(kept.audit).toMatchObject({
    file: "/var/log/audit.jsonl",
    flushMs: 1000,
    keep: 10,
    content: null,
  });
  const own = await policyFrom({
    cluster: { "a.yaml": "mode: enforce\n" },
    pod: { "a.yaml": inner },
  });
  expect(own.audit.file).toBe("/tmp/elsewhere");
});

test("levels without files are none; without any file at all there is no policy", async () => {
  const policy = await policyFrom({ namespace: { "a.yaml": "mode: observe\n" } });
  expect(policy.mode).toBe("observe");
  const { loaded, folder } = await load({});
  expect(loaded.ok).toBe(false);
  if (!loaded.ok)
    expect(problemLines(loaded.problems, folder)).toEqual(["pod:1:1 this policy is empty"]);
});

test("a mistake in one level refuses the whole, with its place", async () => {
  const { loaded, folder } = await load({
    cluster: { "a.yaml": "mode: enforce\n" },
    pod: { "a.yaml": "routse: []\n" },
  });
  if (loaded.ok) throw new Error("it loaded");
  expect(problemLines(loaded.problems, folder)[0]).toMatch(
    /^pod\/a\.yaml:1:1 unknown key `routse`/,
  );
});

test("a level that comes into being is taken up, and one that goes is missed", async () => {
  const folder = folderWith({ "cluster/a.yaml": "mode: enforce\n" });
  const path = names.map((name) => join(folder, name));
  const current = await loadPolicy({ path, env: {} });
  if (!current.ok) throw new Error("it did not load");
  let wanted = Promise.withResolvers<Policy>();
  const watch = createPolicyWatch({
    path,
    env: {},
    current,
    quietMs: 5,
    pollMs: 20,
    onChange: ({ policy }) => wanted.resolve(policy),
    onProblems: () => undefined,
  });
  writeFiles(folder, { "pod/a.yaml": "mode: observe\n" });
  expect((await wanted.promise).mode).toBe("observe");
  wanted = Promise.withResolvers();
  writeFiles(folder, { "pod/a.yaml": "mode: enforce\ncache: exact\n" });
  expect((await wanted.promise).cache.mode).toBe("exact");
  watch.close();
});
