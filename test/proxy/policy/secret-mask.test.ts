/** Credentials never leave with a policy's text, whatever the text looks like. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { masked } from "../../../proxy/policy/secret-mask.ts";

const secret = "hunter2-and-more";

describe("a policy's text", () => {
  it.each([
    ["in block style", `providers:\n  openai:\n    key: ${secret}\n    url: https://a\n`],
    ["in flow style", `providers: { openai: { key: ${secret}, url: "https://a" } }\n`],
    ["that salts hashes", `audit: { file: stdout, salt: ${secret} }\n`],
    ["quoted", `providers: { openai: { "key": "${secret}" } }\n`],
    ["on a line of its own", `providers:\n  openai:\n    key:\n      ${secret}\n`],
    [
      "as a block of text",
      `providers:\n  openai:\n    key: |\n      ${secret}\n    url: https://a\n`,
    ],
    ["behind an alias", `x-key: &k ${secret}\nproviders: { openai: { key: *k } }\n`],
    ["as what a variable falls back on", `providers: { openai: { key: "\${KEY:-${secret}}" } }\n`],
    ["in a broken text", `providers: { openai: { key: ${secret}\nroutes: [ }\n`],
    [
      "in a broken text, quoted",
      `routes: [\nproviders:\n  openai:\n    key: "${secret}"\n  bad: }\n`,
    ],
  ])("is shown without a credential %s", (_, text) => {
    expect(masked(text)).not.toContain(secret);
    expect(masked(text)).toContain("***");
  });

  it("is otherwise what it was", () => {
    const text = `# a comment\nversion: 1\nproviders:\n  openai:\n    key: ${secret} # why\n    url: "https://a"\n`;
    expect(masked(text)).toBe(text.replace(secret, '"***"'));
    const referring = 'providers: { a: { key: "${KEY}" }, b: { key: "${OTHER:-}" } }\n';
    expect(masked(referring)).toBe(referring);
    const plain = "routes:\n  - { name: a, when: { text: key }, forward: {} }\n";
    expect(masked(plain)).toBe(plain);
  });

  it("stays a text of the same shape", () => {
    const value = fc.stringMatching(/^[\w ./+=-]{12,40}$/);
    fc.assert(
      fc.property(value, fc.constantFrom("key", "token", "password"), (given, name) => {
        const text = `a: 1\nb:\n  ${name}: ${JSON.stringify(given)}\nc: [2]\n`;
        expect(masked(text)).not.toContain(given);
        expect(parse(masked(text))).toEqual({ a: 1, b: { [name]: "***" }, c: [2] });
      }),
      { numRuns: 50 },
    );
  });
});
