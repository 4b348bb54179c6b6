/** FAQ files are checked like the policy itself, with their own positions. */
import { join } from "node:path";
import { expect, test } from "vitest";
import { loadPolicy } from "../../../proxy/policy/load.ts";
import { folderWith, loadFiles, policyOf, problemsOf } from "./fixture.ts";

const POLICY = "routes: [{ name: a, answer: { faq: faq/store.yaml } }]\n";

function faqProblems(faq: string): Promise<readonly string[]> {
  return problemsOf(POLICY, { "faq/store.yaml": faq });
}

test("entries have questions in either spelling, an id, and a language", async () => {
  const policy = await policyOf(POLICY, {
    "faq/store.yaml": `language: DE
entries:
  - { q: One?, answer: "1" }
  - { id: two, questions: [Two?, Deux?], answer: "2", language: fr }
  - { q: Three?, questions: Drei?, answer: "3" }
`,
  });
  expect(policy.faqs.get("faq/store.yaml")).toEqual({
    file: "faq/store.yaml",
    entries: [
      { id: "1", questions: ["One?"], answer: "1", language: "de" },
      { id: "two", questions: ["Two?", "Deux?"], answer: "2", language: "fr" },
      { id: "3", questions: ["Three?", "Drei?"], answer: "3", language: "de" },
    ],
  });
});

test("a plain list of entries is a FAQ, in English unless it says otherwise", async () => {
  const policy = await policyOf(POLICY, { "faq/store.yaml": "- { q: Who?, answer: Us. }\n" });
  expect(policy.faqs.get("faq/store.yaml")?.entries).toEqual([
    { id: "1", questions: ["Who?"], answer: "Us.", language: "en" },
  ]);
});

test.each([
  ["", "faq/store.yaml:1:1 this FAQ holds no entries"],
  ["[]\n", "faq/store.yaml:1:1 this list is empty"],
  ["entries: []\n", "faq/store.yaml:1:10 this list is empty"],
  [
    "hello\n",
    "faq/store.yaml:1:1 expected a list of entries, or a map with `entries`, found a text",
  ],
  ["- { q: Who? }\n", "faq/store.yaml:1:3 the key `answer` is missing"],
  ["- { answer: Us. }\n", "faq/store.yaml:1:3 this entry asks no question (`questions`)"],
  ["entries: [{ answer: Us. }]\n", "faq/store.yaml:1:11 this entry asks no question (`questions`)"],
  ["- { q: Who?, answer: '' }\n", "faq/store.yaml:1:22 this text is empty"],
  ["- { q: [Who?, 3], answer: Us. }\n", "faq/store.yaml:1:15 expected text, found a number"],
  [
    "- { q: Who?, anwser: Us., answer: Us. }\n",
    "faq/store.yaml:1:14 unknown key `anwser`; did you mean `answer`?",
  ],
  [
    "- { q: Who?, answer: Us., id: a b }\n",
    "faq/store.yaml:1:31 an id is letters, digits, dots, colons, hyphens and underscores",
  ],
  [
    "- { q: A?, answer: a, id: x }\n- { q: B?, answer: b, id: x }\n",
    "faq/store.yaml:2:27 the id `x` is taken",
  ],
  [
    "- { q: A?, answer: a, id: '2' }\n- { q: B?, answer: b }\n",
    "faq/store.yaml:2:3 the id `2` is taken",
  ],
  ["- { q: Who?, answer: *a }\n", "faq/store.yaml:1:22 no anchor `a` stands before this alias"],
])("a faulty FAQ: %j", async (faq, problem) => {
  expect(await faqProblems(faq)).toEqual([problem]);
});

test("problems of the policy and of its FAQ come together", async () => {
  const lines = await problemsOf(`${POLICY}mod: observe\n`, {
    "faq/store.yaml": "- { q: Who? }\n",
  });
  expect(lines).toEqual([
    "faq/store.yaml:1:3 the key `answer` is missing",
    "2:1 unknown key `mod`; did you mean `mode`?",
  ]);
});

test("the same file may serve several routes, under several names, and is a source once", async () => {
  const loaded = await loadFiles({
    "policy.yaml": `routes:
  - { name: a, answer: { faq: faq.yaml } }
  - { name: b, answer: { faq: faq.yaml } }
  - { name: c, answer: { faq: ./faq.yaml } }
`,
    "faq.yaml": "- { q: Who?, answer: Us. }\n",
  });
  if (!loaded.ok) throw new Error("has problems");
  expect([...loaded.policy.faqs.keys()]).toEqual(["faq.yaml", "./faq.yaml"]);
  expect(loaded.sources).toEqual([
    join(loaded.folder, "policy.yaml"),
    join(loaded.folder, "faq.yaml"),
  ]);
});

test("an absolute path is taken as it is", async () => {
  const elsewhere = folderWith({ "faq.yaml": "- { q: Who?, answer: Us. }\n" });
  const name = join(elsewhere, "faq.yaml");
  const policy = await policyOf(`routes: [{ name: a, answer: { faq: ${name} } }]\n`);
  expect([...policy.faqs.keys()]).toEqual([name]);
});

test("an absent FAQ is among the sources, so that a watch sees it come", async () => {
  const folder = folderWith({ "policy.yaml": POLICY });
  const loaded = await loadPolicy({ path: join(folder, "policy.yaml"), env: {} });
  expect(loaded.ok).toBe(false);
  expect(loaded.sources).toContain(join(folder, "faq/store.yaml"));
});
