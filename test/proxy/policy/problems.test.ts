/** Every kind of mistake in a policy file is reported at its own line and column, all in one go. */
import { mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { loadPolicy } from "../../../proxy/policy/load.ts";
import { formatProblem } from "../../../proxy/policy/problem.ts";
import { folderWith, loadFiles, problemLines, problemsOf, routePolicy } from "./fixture.ts";
import { mistakes } from "./mistakes.ts";

describe("a mistake is reported where it stands", () => {
  test.each(mistakes)("%s", async (_, marked, message) => {
    const before = marked.slice(0, marked.indexOf("¦")).split("\n");
    const place = `${before.length}:${(before.at(-1) ?? "").length + 1}`;
    expect(await problemsOf(marked.replace("¦", ""))).toEqual([`${place} ${message}`]);
  });

  test.each([
    ["a comparison without quotes", routePolicy("{ confidence: >= 0.9 }")],
    [
      "a comparison without quotes in block style",
      "routes:\n  - name: a\n    when:\n      confidence: >= 0.9\n",
    ],
    [
      "a larger-than without quotes in block style",
      "routes:\n  - name: a\n    when:\n      confidence: > 0.9\n",
    ],
  ])("%s is told to use them", async (_, text) => {
    const [first] = await problemsOf(text);
    expect(first).toMatch(/^\d:\d+ .*; put comparisons in quotes, e\.g\. ">= 0\.90"$/);
  });
});

test("a variable without quotes inside braces is told to use them", async () => {
  expect(await problemsOf("limits: { queue: ${QUEUE} }\nmode: observe\n")).toEqual([
    "1:19 Unexpected flow-map-start at node end; inside { } or [ ] put ${...} in quotes",
  ]);
});

test("all mistakes of a file are reported in one go, in the order of the file", async () => {
  const text = `mode: enforc
limts: { queue: 1 }
limits: { queue: many, decission: 5ms, inspct: 1KiB }
providers: { own: {} }
targets: [{ name: small, provider: own }]
routes:
  - name: first
    when: { confidense: 1, task: [greting], intent: hello }
    answer: { template: "Hi {name}" }
  - name: first
    forward: { target: smal }
`;
  expect(await problemsOf(text)).toEqual([
    "1:7 expected one of `enforce`, `observe`; did you mean `enforce`?",
    "2:1 unknown key `limts`; did you mean `limits`?",
    "3:18 expected a whole number, found a text",
    "3:24 unknown key `decission`; did you mean `decision`?",
    "3:40 unknown key `inspct`; did you mean `inspect`?",
    "4:19 the provider `own` needs a `url`",
    expect.stringMatching(/^8:13 unknown key `confidense`/),
    expect.stringMatching(/^8:35 expected one of .*did you mean `greeting`\?$/),
    "8:53 the policy has no intent `hello`",
    "9:25 `slots` has no `name`",
    "10:11 the name `first` is taken",
    "11:24 the policy has no target `smal`; did you mean `small`?",
  ]);
});

test("what is cut out for a mistake causes no further problems", async () => {
  const text = `providers: { own: { url: ftp://h } }
intents: { hello: 3 }
targets: [{ name: small, provider: own, price: 1 }]
complexity: { keywords: { angry: [] } }
routes:
  - { name: a, when: { intent: hello, keywords: angry }, forward: { target: small } }
  - { name: b, when: { task: nothing }, answer: { template: Hi } }
  - { name: c, answer: { template: 3 } }
`;
  const lines = await problemsOf(text);
  expect(lines.map((line) => line.split(" ")[0])).toEqual([
    "1:26",
    "2:19",
    "3:48",
    "4:34",
    "7:30",
    "8:36",
  ]);
});

test("problems never repeat a value, which could be a secret", async () => {
  const secret = "sk-live-0123456789";
  const text = `mode: ${secret}
model: [${secret}]
providers:
  openai: { url: "${secret}", key: { is: "${secret}" } }
  other: { url: "https://user:${secret}@host" }
cache: { ttl: ${secret}, identity: '\${TOKEN}' }
outage: > ${secret}
`;
  const lines = [
    ...(await problemsOf(text)),
    ...(await problemsOf(text.replace(/outage.*\n/, ""), {}, { TOKEN: secret })),
  ];
  expect(lines.length).toBeGreaterThan(6);
  expect(lines.join("\n")).not.toContain(secret);
});

test("a problem prints as file:line:col: message", async () => {
  const { folder, ...loaded } = await loadFiles({ "policy.yaml": "mode: x\n" });
  expect(loaded.ok ? [] : loaded.problems.map(formatProblem)).toEqual([
    `${folder}/policy.yaml:1:7: expected one of \`enforce\`, \`observe\`; the nearest known one is \`enforce\``,
  ]);
});

test("of very many problems the first hundred are told, and how many more there are", async () => {
  const routes = Array.from({ length: 150 }, (_, at) => `  - { name: r${at}, forward: 1 }`);
  const lines = await problemsOf(`routes:\n${routes.join("\n")}\n`);
  expect(lines).toHaveLength(101);
  expect(lines.at(-1)).toMatch(/ and 50 more problems$/);
});

describe("a file that cannot be read is a problem", () => {
  test("absent", async () => {
    const folder = folderWith({});
    const loaded = await loadPolicy({ path: join(folder, "policy.yaml"), env: {} });
    expect(loaded.ok ? [] : problemLines(loaded.problems, folder)).toEqual([
      "1:1 there is no such file or directory",
    ]);
  });

  test("under a file that is no directory", async () => {
    const folder = folderWith({ "a.yaml": "" });
    const loaded = await loadPolicy({ path: join(folder, "a.yaml/b.yaml"), env: {} });
    expect(loaded).toMatchObject({ problems: [{ message: "there is no such file or directory" }] });
  });

  test("a loop of links", async () => {
    const folder = folderWith({});
    symlinkSync("policy.yaml", join(folder, "policy.yaml"));
    const loaded = await loadPolicy({ path: join(folder, "policy.yaml"), env: {} });
    expect(loaded).toMatchObject({ problems: [{ message: "this is a loop of symbolic links" }] });
  });

  test("a name that no file can have", async () => {
    const loaded = await loadPolicy({ path: "a\0b", env: {} });
    expect(loaded).toMatchObject({
      ok: false,
      problems: [{ message: "this cannot be read (ERR_INVALID_ARG_VALUE)" }],
    });
  });

  test.each([
    ["", "this policy is empty"],
    ["# only a comment\n", "this policy is empty"],
    ["x-anchors: { a: 1 }\n", "this policy is empty"],
    ["null\n", "this policy is empty"],
  ])("empty: %j", async (text, message) => {
    expect(await problemsOf(text)).toEqual([`1:1 ${message}`]);
  });

  test("not UTF-8", async () => {
    const folder = folderWith({});
    writeFileSync(join(folder, "policy.yaml"), Buffer.from([0x61, 0x3a, 0xff, 0xfe]));
    const loaded = await loadPolicy({ path: join(folder, "policy.yaml"), env: {} });
    expect(loaded).toMatchObject({ problems: [{ message: "this file is not UTF-8 text" }] });
  });

  test("too large", async () => {
    expect(await problemsOf(`#${" ".repeat(2 * 1024 ** 2)}\nmode: observe\n`)).toEqual([
      "1:1 this file is larger than 2097152 bytes",
    ]);
  });

  test("a directory in a file's place", async () => {
    const folder = folderWith({ "policy.yaml": routePolicy("{}", "answer: { faq: sub }") });
    mkdirSync(join(folder, "sub"));
    const loaded = await loadPolicy({ path: join(folder, "policy.yaml"), env: {} });
    expect(loaded).toMatchObject({
      problems: [{ message: "the FAQ `sub` cannot be read: this is not a file" }],
    });
  });

  test("too deep", async () => {
    const [line] = await problemsOf(`model: ${"[".repeat(70)}${"]".repeat(70)}\n`);
    expect(line).toBe("1:72 nested more than 64 levels deep");
  });

  test("so deep that the parser gives up", async () => {
    const lines = await problemsOf(`model: ${"[".repeat(20_000)}\n`);
    expect(lines).toContainEqual(expect.stringMatching(/^1:\d+ nested more than 64 levels deep$/));
    expect(lines.join("\n")).not.toContain("call stack");
  });

  test("aliases that blow up", async () => {
    const levels = Array.from({ length: 12 }, (_, at) => {
      const above = at === 0 ? "x" : `*a${at - 1}`;
      return `x-${at}: &a${at} [${Array.from({ length: 10 }, () => above).join(", ")}]`;
    });
    const lines = await problemsOf(`${levels.join("\n")}\nmode: observe\n`);
    expect(lines).toEqual([expect.stringMatching(/more than 200000 values, aliases written out$/)]);
  });
});
