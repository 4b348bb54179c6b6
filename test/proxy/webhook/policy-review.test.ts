/** What `kubectl apply` is told about a policy in a ConfigMap. */
import { describe, expect, it } from "vitest";
import { reviewPolicy } from "../../../proxy/webhook/policy-review.ts";

describe("a policy under review", () => {
  it("is taken when it is valid", async () => {
    const files = {
      "policy.yaml":
        'routes:\n  - { name: hi, when: { text: "^hi$" }, answer: { template: hello } }\n',
    };
    expect(await reviewPolicy("shop/policy", files)).toEqual({ problems: [], warnings: [] });
  });

  it("is told file, line and column of what is wrong", async () => {
    const { problems } = await reviewPolicy("shop/policy", {
      "a.yaml": "mode: observe\nrouts: []\n",
    });
    expect(problems).toEqual([
      "shop/policy/a.yaml:2:1: unknown key `routs`; did you mean `routes`?",
    ]);
  });

  it("may name what an outer level defines, and is not blamed for what is wrong there", async () => {
    const files = { "a.yaml": "routes: [{ name: far, forward: { target: small } }]\n" };
    expect((await reviewPolicy("shop/policy", files)).problems).toHaveLength(1);
    const target = "targets: [{ name: small, provider: openai, model: tiny }]\n";
    const outer = [["sidestep/cluster", { "c.yaml": target }]] as const;
    expect(await reviewPolicy("shop/policy", files, outer)).toEqual({ problems: [], warnings: [] });
    const broken = [["sidestep/cluster", { "c.yaml": "nonsense: 1\n" }]] as const;
    const { problems } = await reviewPolicy("shop/policy", { "a.yaml": "mode: observe\n" }, broken);
    expect(problems).toEqual([]);
  });

  it("has its FAQ beside it, and none from the injector's own disk", async () => {
    const route = (faq: string): string =>
      `routes: [{ name: f, when: { system: any }, answer: { faq: ${faq} } }]\n`;
    const entry = "- { question: When do you open?, answer: At nine. }\n";
    const beside = { "a.yaml": route("faq.yaml"), "faq.yaml": entry };
    expect((await reviewPolicy("shop/policy", beside)).problems).toEqual([]);
    const { problems } = await reviewPolicy("shop/policy", { "a.yaml": route("/etc/hostname") });
    expect(problems.join()).toContain("there is no such file or directory");
  });

  it("is warned, not refused, when it wants a variable that only the sidecar can have", async () => {
    const files = { "a.yaml": 'providers: { openai: { key: "${KEY_OF_SHOP}" } }\n' };
    const { problems, warnings } = await reviewPolicy("shop/policy", files);
    expect(problems).toEqual([]);
    expect(warnings.join()).toContain("KEY_OF_SHOP");
  });

  it("without any policy file is refused, since nothing would read it", async () => {
    const { problems } = await reviewPolicy("shop/policy", { "policy.txt": "mode: observe" });
    expect(problems).toEqual(["shop/policy: there is no file in it that ends in .yaml"]);
  });
});
