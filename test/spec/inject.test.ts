/** `sidestep inject` and `uninject`, as a person uses them in a shell. */
import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { parse, parseAllDocuments } from "yaml";
import { sidestep } from "../support/command.ts";

const folder = mkdtempSync(join(tmpdir(), "sidestep-inject-"));

function file(name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}

const pod = (name: string): string =>
  `# ${name}\napiVersion: v1\nkind: Pod\nmetadata: { name: ${name} }\n` +
  `spec:\n  containers:\n    - { name: app, image: "app:1" }\n`;
const shop = file("shop.yaml", pod("shop"));

describe("sidestep inject", () => {
  it.each(["inject", "uninject"])("helps: %s", async (word) => {
    const { code, out } = await sidestep([word, "--help"]);
    expect(code).toBe(0);
    expect(out).toContain("--file FILE");
  });

  it("prints the manifest on standard output, and what was done on standard error", async () => {
    const { code, out, err } = await sidestep(["inject", "-f", shop]);
    expect(code).toBe(0);
    expect(out).toContain("# shop\n");
    expect(parse(out)).toMatchObject({
      spec: { initContainers: [{ name: "sidestep", restartPolicy: "Always" }] },
    });
    expect(err).toContain("pod/shop app: OPENAI_BASE_URL variable_set: ");
  });

  it("reads standard input, and what it prints can be given back to it and to uninject", async () => {
    const once = await sidestep(["inject"], pod("piped"));
    const twice = await sidestep(["inject", "-f", "-"], once.out);
    expect(twice.out).toBe(once.out);
    expect(parse((await sidestep(["uninject"], once.out)).out)).toEqual(parse(pod("piped")));
  });

  it("joins several files to one manifest", async () => {
    const cart = file("cart.yaml", pod("cart"));
    const { out } = await sidestep(["inject", "-f", shop, "-f", cart]);
    const names = parseAllDocuments(out).map((document) => document.getIn(["metadata", "name"]));
    expect(names).toEqual(["shop", "cart"]);
  });

  it("takes the operator's settings, an image, and the cluster's version", async () => {
    const settings = file(
      "settings.yaml",
      "image: from-settings\nresources: { cpuRequest: 200m }\n",
    );
    const flags = ["--settings", settings, "--image", "mine:2", "--kubernetes", "v1.27.3"];
    const { out } = await sidestep(["inject", "-f", shop, ...flags]);
    expect(parse(out)).toMatchObject({
      spec: {
        containers: [
          { name: "sidestep", image: "mine:2", resources: { requests: { cpu: "200m" } } },
          { name: "app" },
        ],
      },
    });
  });

  it("exits 2 and names the nearest for settings, flags and versions that are none", async () => {
    const settings = file("typo.yaml", "image: a\nresources: { cpuReqest: 1 }\n");
    const typo = await sidestep(["inject", "-f", shop, "--settings", settings]);
    expect(typo).toMatchObject({ code: 2 });
    expect(typo.err).toContain("resources.cpuReqest: unknown key; did you mean `cpuRequest`?");
    expect((await sidestep(["inject", "-f", shop, "--kubernetes", "new"])).code).toBe(2);
    expect((await sidestep(["inject", "--flie", shop])).err).toContain("`--file`");
  });

  it("exits 2 for a manifest that is no YAML or not there", async () => {
    const broken = file("broken.yaml", "a: [1\nb: 2\n");
    const { code, err } = await sidestep(["inject", "-f", broken]);
    expect(code).toBe(2);
    expect(err).toContain(broken);
    const absent = await sidestep(["inject", "-f", join(folder, "absent.yaml")]);
    expect(absent.code).toBe(2);
    expect(absent.err).toContain("absent.yaml");
    expect(absent.err).not.toContain("    at ");
  });
});
