/** What comes out of each manifest of test/fixtures/inject, and what is said about it. */
import { readdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { describe, expect, it } from "vitest";
import {
  injectManifest,
  uninjectManifest,
  type Patched,
} from "../../../proxy/injector/manifest.ts";
import { readManifest } from "../../../proxy/injector/manifest-text.ts";
import { injectorSettings } from "../../support/injector.ts";

const folder = resolve(import.meta.dirname, "../../fixtures/inject");
const names = readdirSync(folder)
  .filter((name) => name.endsWith(".yaml"))
  .map((name) => name.slice(0, -".yaml".length));
const settings = injectorSettings({
  clusterPolicy: "sidestep-cluster",
  namespacePolicy: "sidestep",
  redirectImage: "sidestep-redirect:test",
});

function textOf(name: string): string {
  return readFileSync(join(folder, `${name}.yaml`), "utf8");
}

function injected(text: string): Patched & { readonly ok: true } {
  const minor = Number(/^# kubernetes (\d+)/.exec(text)?.[1] ?? 31);
  const patched = injectManifest(text, settings, { minor, version: "test" });
  if (!patched.ok) throw new Error(patched.problem);
  return patched;
}

function valuesOf(text: string): readonly unknown[] {
  const manifest = readManifest(text);
  return manifest.ok ? manifest.documents.map(({ value }) => value) : [manifest.problem];
}

describe("a manifest", () => {
  it.each(names)("gets its sidecars, and each container its reason: %s", async (name) => {
    const { text, told } = injected(textOf(name));
    const lines = told.map(({ workload, container, reason, about }) =>
      [workload, container ?? "-", reason ?? "-", about ?? ""].join(" ").trimEnd(),
    );
    const golden = join(folder, "golden");
    await expect(text).toMatchFileSnapshot(join(golden, `${name}.yaml`));
    await expect(`${lines.join("\n")}\n`).toMatchFileSnapshot(join(golden, `${name}.txt`));
  });

  it.each(names)("is the same when it is given twice: %s", (name) => {
    const { text } = injected(textOf(name));
    const comment = /^# kubernetes \d+\n/.exec(textOf(name))?.[0] ?? "";
    expect(injected(comment + text.replace(comment, "")).text).toBe(text);
  });

  it.each(names)("is as before when it is taken back: %s", (name) => {
    const back = uninjectManifest(injected(textOf(name)).text);
    expect(back.ok ? valuesOf(back.text) : back.problem).toEqual(valuesOf(textOf(name)));
  });
});

describe("what is no workload or no YAML", () => {
  it("passes as it is", () => {
    const text = "# one\napiVersion: v1\nkind: Service # two\nmetadata:\n  name: shop\n";
    expect(injected(text)).toMatchObject({ text, told: [] });
  });

  it("is told with its place", () => {
    const patched = injectManifest("a: [1\nb: 2\n", settings, { minor: 31, version: "test" });
    expect(patched).toMatchObject({ ok: false });
    expect(patched.ok ? "" : patched.problem).toMatch(/line \d+/);
  });

  it("is told when its aliases would never end", () => {
    const layers = Array.from(
      { length: 20 },
      (_, at) => `l${at + 1}: &l${at + 1} [*l${at}, *l${at}]`,
    );
    const patched = injectManifest(["l0: &l0 [x]", ...layers].join("\n"), settings, {
      minor: 31,
      version: "test",
    });
    expect(patched).toEqual({ ok: false, problem: "aliases for more than 10000 values" });
  });
});
