/** The last loads of a policy, each with what it changed; bounded, and without credentials. */
import { describe, expect, it } from "vitest";
import type { PolicyText } from "../../../proxy/policy/load.ts";
import type { GoodPolicy } from "../../../proxy/policy/watch.ts";
import { PolicyHistory } from "../../../proxy/server/policy-history.ts";
import { policyOf } from "../../support/builders.ts";

function goodOf(revision: string, ...texts: readonly PolicyText[]): GoodPolicy {
  const sources = texts.map(({ path }) => path);
  return { policy: policyOf({ revision, files: sources }), sources, texts, revision };
}

const file = (text: string, path = "/p/policy.yaml"): PolicyText => ({ path, text });
const before = "version: 1\nmode: enforce\nroutes: []\n";
const after = "version: 1\nmode: observe\nroutes: []\n";

describe("the history of loads", () => {
  it("shows what a reload changed, newest first", async () => {
    const history = new PolicyHistory();
    history.loaded(goodOf("a", file(before)));
    history.loaded(goodOf("b", file(after)));
    expect(await history.page()).toMatchObject([
      {
        revision: "b",
        outcome: "loaded",
        problems: [],
        files: [
          {
            path: "/p/policy.yaml",
            added: 1,
            removed: 1,
            isCut: false,
            hunks: [
              {
                oldStart: 1,
                newStart: 1,
                lines: [" version: 1", "-mode: enforce", "+mode: observe", " routes: []"],
              },
            ],
          },
        ],
      },
      { revision: "a", outcome: "loaded", files: null },
    ]);
    expect(history.texts()).toEqual([file(after)]);
  });

  it("shows a refused load against what stays in force", async () => {
    const history = new PolicyHistory();
    const faq = file("entries: []\n", "/p/faq.yaml");
    history.loaded(goodOf("a", file(before), faq));
    const problem = { file: "/p/policy.yaml", line: 2, column: 1, message: "unknown key `mod`" };
    history.refused([problem], { texts: [file(before.replace("mode", "mod"))], revision: "c" });
    history.loaded(goodOf("d", file(after), faq));
    const [last, refused] = await history.page();
    expect(refused).toMatchObject({
      outcome: "refused",
      problems: ["/p/policy.yaml:2:1: unknown key `mod`"],
      files: [{ path: "/p/policy.yaml", added: 1, removed: 1 }],
    });
    expect(last?.files).toMatchObject([{ path: "/p/policy.yaml", added: 1, removed: 1 }]);
  });

  it("shows files that came and files that went", async () => {
    const history = new PolicyHistory();
    history.loaded(goodOf("a", file("a: 1\n", "/p/old.yaml")));
    history.loaded(goodOf("b", file("b: 1\n", "/p/new.yaml")));
    const [last] = await history.page();
    expect(last?.files).toMatchObject([
      { path: "/p/old.yaml", added: 0, removed: 1 },
      { path: "/p/new.yaml", added: 1, removed: 0 },
    ]);
  });

  it("says what an edit would change, and only of the edited file", async () => {
    const history = new PolicyHistory();
    history.loaded(goodOf("a", file(before), file("entries: []\n", "/p/faq.yaml")));
    expect(await history.diffOf([file(after)])).toMatchObject([
      { path: "/p/policy.yaml", added: 1, removed: 1 },
    ]);
    expect(await history.diffOf([file(before)])).toEqual([]);
  });

  it("counts the policy that it began with once", async () => {
    const history = new PolicyHistory();
    const first = goodOf("a", file(before));
    history.loaded(first);
    history.loaded(first);
    expect(await history.page()).toHaveLength(1);
  });

  it("finds the policies of its loads by revision, and forgets the oldest", async () => {
    const history = new PolicyHistory();
    for (let number = 0; number < 25; number += 1)
      history.loaded(goodOf(`r${number}`, file(before)));
    expect(await history.page()).toHaveLength(10);
    expect(history.policyOf("r24")?.revision).toBe("r24");
    expect(history.policyOf("r14")).toBeNull();
  });

  it("keeps no text that is too long, and says so", async () => {
    const history = new PolicyHistory();
    history.loaded(goodOf("a", file("x".repeat(300_000)), file("y: 1\n", "/p/small.yaml")));
    expect(history.texts()[0]).toEqual({ path: "/p/policy.yaml", text: null });
    history.loaded(goodOf("b", file(after)));
    const [last] = await history.page();
    expect(last?.files).toMatchObject([{ isCut: true, hunks: [] }, { path: "/p/small.yaml" }]);
  });

  it("cuts a change that is too large to show, and still counts it", async () => {
    const history = new PolicyHistory();
    history.loaded(goodOf("a", file(before)));
    const lines = Array.from({ length: 1_500 }, (_, at) => `# line ${at}`);
    history.loaded(goodOf("b", file(`${before}${lines.join("\n")}\n`)));
    const [last] = await history.page();
    expect(last?.files).toMatchObject([{ added: 1_500, removed: 0, isCut: true }]);
    expect(last?.files?.[0]?.hunks.flatMap((hunk) => hunk.lines)).toHaveLength(1_000);
  });

  it("never shows a credential, not even in a difference", async () => {
    const history = new PolicyHistory();
    const keyed = (key: string) => file(`providers: { openai: { key: ${key} } }\n`);
    history.loaded(goodOf("a", keyed("hunter2-hunter2")));
    history.loaded(goodOf("b", keyed("correct-horse-battery")));
    history.refused([], { texts: [keyed("sk-proj-abcdefgh")], revision: "c" });
    const shown = JSON.stringify([history.texts(), await history.page()]);
    expect(shown).not.toMatch(/hunter2|correct-horse|sk-proj/);
  });
});
