/** Annotations: each one of the table is read, and what is not of its form never passes for something else. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { annotations, readAnnotations } from "../../../proxy/injector/annotations.ts";
import { injectorSettings } from "../../support/injector.ts";

const settings = injectorSettings();
const unset = readAnnotations({ spec: { containers: [] } }, settings);

function read(words: Readonly<Record<string, string>>) {
  return readAnnotations({ metadata: { annotations: words }, spec: { containers: [] } }, settings);
}

const good: Readonly<Record<string, string>> = {
  containers: "app, worker",
  "cpu-limit": "500m",
  "cpu-request": "250m",
  "env-from": "ignore",
  grace: "120",
  image: "registry.example/sidestep:2",
  key: "secret",
  "key-from": "openai=llm/key",
  "log-level": "debug",
  "memory-limit": "1Gi",
  "memory-request": "300Mi",
  policy: "shop-policy",
  port: "5000",
  providers: "anthropic",
  redirect: "llm.models:8000, vllm",
};

const bad: Readonly<Record<string, string>> = {
  containers: "app worker",
  "cpu-limit": "half",
  "cpu-request": "-1",
  "env-from": "yes",
  grace: "2m",
  image: "two words",
  key: "Secret",
  "key-from": "openai=llm",
  "log-level": "loud",
  "memory-limit": "1 Gi",
  "memory-request": "",
  policy: "Shop_Policy",
  port: "80",
  providers: "openai,azure",
  redirect: "http://llm.models:8000/v1",
};

describe("annotations", () => {
  it("have a test each", () => {
    expect(Object.keys(good)).toEqual(Object.keys(annotations));
    expect(Object.keys(bad)).toEqual(Object.keys(annotations));
  });

  it.each(Object.entries(good))("change what the sidecar is: %s", (word, text) => {
    const wishes = read({ [`sidestep.dev/${word}`]: text });
    expect(wishes.ok).toBe(true);
    expect(wishes).not.toEqual(unset);
  });

  it.each(Object.entries(bad))("of no valid form are named with their form: %s", (word, text) => {
    const { form } = annotations[word] ?? { form: "" };
    expect(read({ [`sidestep.dev/${word}`]: text })).toEqual({
      ok: false,
      problem: `sidestep.dev/${word} takes ${form}`,
    });
  });

  it("of resources merge singly", () => {
    const wishes = read({ "sidestep.dev/memory-limit": "1Gi", "sidestep.dev/cpu-limit": "2" });
    expect(wishes.ok && wishes.wishes.resources).toEqual({
      ...settings.resources,
      memoryLimit: "1Gi",
      cpuLimit: "2",
    });
  });

  it("of others do not count", () => {
    expect(read({ "prometheus.io/scrape": "true", "dev/sidestep.dev/x": "y" })).toEqual(unset);
  });

  it("never throw, whatever they hold", () => {
    const word = fc.oneof(fc.constantFrom(...Object.keys(annotations)), fc.string());
    fc.assert(
      fc.property(word, fc.string({ unit: "binary" }), (name, text) => {
        const wishes = read({ [`sidestep.dev/${name}`]: text });
        if (!wishes.ok) expect(wishes.problem).toContain("sidestep.dev/");
      }),
    );
  });
});
