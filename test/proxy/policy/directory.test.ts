/** A directory of policy files is one policy, merged in the order of the files' names. */
import { mkdirSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { loadPolicy } from "../../../proxy/policy/load.ts";
import { folderWith, loadFiles, problemLines, writeFiles, type Files } from "./fixture.ts";

async function linesOf(files: Files): Promise<readonly string[]> {
  const loaded = await loadFiles(files);
  return loaded.ok ? [] : problemLines(loaded.problems, loaded.folder);
}

test("maps merge and later values win; routes, deny and targets add up in the files' order", async () => {
  const loaded = await loadFiles({
    "20-b.yaml": `mode: observe
limits: { queue: 2 }
deny: [{ stream: true }]
intents: { b: [two] }
targets: [{ name: t2, provider: openai }]
complexity: { keywords: { angry: [mad], sad: [cry] } }
routes: [{ name: b, forward: {} }]
cache: { ttl: 1m }
`,
    "10-a.yml": `mode: enforce
limits: { queue: 1, decision: 9ms }
deny: { tools: true }
intents: { a: [one] }
targets: [{ name: t1, provider: openai }]
complexity: { keywords: { angry: [furious] } }
routes: [{ name: a, forward: {} }]
cache: exact
`,
    "readme.txt": "no policy",
    ".hidden.yaml": "mode: nonsense",
    "sub/c.yaml": "mode: nonsense",
  });
  if (!loaded.ok) throw new Error(problemLines(loaded.problems, loaded.folder).join("\n"));
  const { policy, folder } = loaded;
  expect(policy.mode).toBe("observe");
  expect(policy.limits).toMatchObject({ queue: 2, decisionMs: 9 });
  expect(policy.deny).toHaveLength(2);
  expect(policy.deny[0]).toEqual({ kind: "all", of: [{ kind: "tools", is: true }] });
  expect(policy.intents.map((intent) => intent.name)).toEqual(["a", "b"]);
  expect([...policy.targets.keys()]).toEqual(["t1", "t2"]);
  expect(new Map(policy.keywords)).toEqual(
    new Map([
      ["angry", ["mad"]],
      ["sad", ["cry"]],
    ]),
  );
  expect(policy.routes.map((route) => route.name)).toEqual(["a", "b"]);
  // A later map replaces an earlier word: `mode` of the cache is back to its default.
  expect(policy.cache).toMatchObject({ mode: "off", ttlMs: 60_000 });
  expect(policy.files).toEqual([join(folder, "10-a.yml"), join(folder, "20-b.yaml")]);
});

test("the same intent in two files is refused with both places", async () => {
  const lines = await linesOf({
    "a.yaml": "intents:\n  hi: [one]\n",
    "b.yaml": "intents: { hi: [two] }\n",
  });
  expect(lines).toEqual([
    "a.yaml:2:3 the intent `hi` is defined again at b.yaml:1:12",
    "b.yaml:1:12 the intent `hi` is already defined at a.yaml:2:3",
  ]);
});

test("a problem names the file that it stands in, also in a list that adds up", async () => {
  const lines = await linesOf({
    "a.yaml": "routes: [{ name: a, forward: {} }]\n",
    "b.yaml": "routes:\n  - { name: b, forward: { target: t } }\n  - { name: a, forward: {} }\n",
    "c.yaml": "routes: 3\n",
  });
  expect(lines).toEqual([
    "b.yaml:2:35 the policy has no target `t`",
    "b.yaml:3:13 the name `a` is taken",
    "c.yaml:1:9 expected a map, found a number",
  ]);
});

test("an empty list key adds nothing", async () => {
  const loaded = await loadFiles({
    "a.yaml": "routes: []\nmode: observe\n",
    "b.yaml": "routes:\n",
  });
  expect(loaded.ok).toBe(true);
});

test("empty files count for nothing, and an empty directory is a problem", async () => {
  const loaded = await loadFiles({ "a.yaml": "", "b.yaml": "mode: observe\n", "c.yaml": "null\n" });
  expect(loaded).toMatchObject({ ok: true, policy: { mode: "observe" } });
  const [line] = await linesOf({ "a.txt": "" });
  expect(line).toBe(":1:1 this directory holds no *.yaml file");
  expect(await linesOf({ "a.yaml": "" })).toEqual([":1:1 this policy is empty"]);
});

test("a broken file hides nothing that is wrong in form elsewhere, but references wait", async () => {
  const lines = await linesOf({
    "a.yaml": "targets: [{ name: t, provider: openai }\n",
    "b.yaml": "mod: observe\nroutes: [{ name: b, forward: { target: t } }]\n",
  });
  expect(lines).toEqual([
    expect.stringMatching(/^a\.yaml:2:1 /),
    "b.yaml:1:1 unknown key `mod`; did you mean `mode`?",
  ]);
});

test("a file that a route names as its FAQ is no part of the policy", async () => {
  const loaded = await loadFiles({
    "policy-a.yaml": "routes: [{ name: a, answer: { faq: faq.yaml } }]\n",
    "faq.yaml": "- { q: Who are you?, answer: A store. }\n",
  });
  expect(loaded).toMatchObject({ ok: true });
  expect(loaded.ok && [...loaded.policy.faqs.keys()]).toEqual(["faq.yaml"]);
});

test("anchors of keys that begin with x- are there to be used, and mean nothing by themselves", async () => {
  const loaded = await loadFiles({
    "policy.yaml": `x-bounds: &bounds { complexity: "<= 0.5", turns: 1 }
x-more: &more { stream: true, turns: 2 }
routes:
  - { name: a, when: { <<: [*bounds, *more], length: "<= 5" }, forward: {} }
  - { name: b, when: { <<: *more, turns: 3 }, forward: {} }
`,
  });
  if (!loaded.ok) throw new Error(problemLines(loaded.problems, loaded.folder).join("\n"));
  expect(loaded.policy.routes.map((route) => route.when)).toEqual([
    {
      kind: "all",
      of: [
        { kind: "stream", is: true },
        { kind: "turns", is: { op: "=", value: 1 } },
        { kind: "length", is: { op: "<=", value: 5 } },
        { kind: "complexity", is: { op: "<=", value: 0.5 } },
      ],
    },
    {
      kind: "all",
      of: [
        { kind: "stream", is: true },
        { kind: "turns", is: { op: "=", value: 3 } },
      ],
    },
  ]);
});

test("a mounted ConfigMap's links are followed and its hidden folders left alone", async () => {
  const folder = folderWith({ "..2026_1/policy.yaml": "mode: observe\n" });
  symlinkSync("..2026_1", join(folder, "..data"));
  symlinkSync("..data/policy.yaml", join(folder, "policy.yaml"));
  const loaded = await loadPolicy({ path: folder, env: {} });
  expect(loaded).toMatchObject({ ok: true, sources: [join(folder, "policy.yaml")] });
});

test("a directory with too many files is refused", async () => {
  const many = Object.fromEntries(Array.from({ length: 201 }, (_, at) => [`${at}.yaml`, ""]));
  expect(await linesOf(many)).toEqual([":1:1 this directory holds more than 200 files"]);
});

test("a directory named like a file is a problem of that file", async () => {
  const folder = folderWith({ "a.yaml": "mode: observe\n" });
  mkdirSync(join(folder, "b.yaml"));
  const loaded = await loadPolicy({ path: folder, env: {} });
  expect(loaded.ok ? [] : problemLines(loaded.problems, folder)).toEqual([
    "b.yaml:1:1 this is not a file",
  ]);
});

test("the revision changes with any source's text and with nothing else", async () => {
  const files = {
    "policy.yaml": "routes: [{ name: a, answer: { faq: f.yml } }]\n",
    "f.yml": "- { q: Who?, answer: Us. }\n",
  };
  const folder = folderWith(files);
  const load = async (): Promise<string> =>
    (await loadPolicy({ path: join(folder, "policy.yaml"), env: {} })).revision;
  const first = await load();
  expect(first).toMatch(/^[0-9a-f]{12}$/);
  expect(await load()).toBe(first);
  writeFiles(folder, { "f.yml": "- { q: Who?, answer: You. }\n" });
  const second = await load();
  expect(second).not.toBe(first);
  writeFiles(folder, { "policy.yaml": `${files["policy.yaml"]}\n` });
  const third = await load();
  expect(new Set([first, second, third]).size).toBe(3);
  writeFiles(folder, files);
  expect(await load()).toBe(first);
});
