/** `sidestep models`: what is there, what was measured of it, whether it works on this processor, and what the policy uses. */
import { mkdtemp, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import * as v from "valibot";
import { beforeAll, describe, expect, it } from "vitest";
import { writeArtefact, writeHubModel } from "../proxy/inference/tiny-model.ts";
import { writeTextGenerator } from "../proxy/inference/tiny-writer.ts";
import { sidestep, type Ran } from "../support/command.ts";

let shelf: string;

beforeAll(async () => {
  shelf = await mkdtemp(join(tmpdir(), "sidestep-shelf-"));
  writeTextGenerator(shelf, "plain");
  writeHubModel(shelf, "topics");
});

async function models(policy: string, ...flags: readonly string[]): Promise<Ran> {
  const file = join(await mkdtemp(join(tmpdir(), "sidestep-")), "policy.yaml");
  await writeFile(file, policy);
  return sidestep(["models", "--policy", file, ...flags], "", { SIDESTEP_MODELS: shelf });
}

const listing = v.object({
  models: v.array(
    v.looseObject({
      name: v.string(),
      folder: v.string(),
      uses: v.array(v.string()),
      selfCheck: v.nullable(v.looseObject({ isPassed: v.boolean() })),
      variants: v.array(v.looseObject({ name: v.string(), bytes: v.number() })),
      accuracy: v.array(v.looseObject({ head: v.string(), value: v.number() })),
    }),
  ),
  missing: v.array(v.object({ use: v.string(), error: v.string() })),
});

async function listed(policy: string): Promise<v.InferOutput<typeof listing>> {
  return v.parse(listing, JSON.parse((await models(policy, "--json")).out));
}

describe("sidestep models", () => {
  it("shows the bundled artefact once, with its variants, figures and self-check", async () => {
    const { code, out } = await models("version: 1\n");
    expect(code).toBe(0);
    expect(out.match(/^support-v1/gmu)).toHaveLength(1);
    expect(out).toMatch(/^support-v1 {2}decides$/mu);
    expect(out).toMatch(/self-check +passed, runs default/u);
    expect(out).toMatch(/default +2\d\.\d MB, INT8, p50 \d+\.\d ms, p95 \d+\.\d ms, model\.onnx/u);
    expect(out).toMatch(/reduce_range +2\d\.\d MB, INT8, weights of 7 bits/u);
    expect(out).toMatch(/task +macro-F1 0\.\d{3} \(0\.\d{3} to 0\.\d{3}\)/u);
    expect(out).toMatch(/^tiny\/plain {2}not used by the policy$/mu);
  });

  it("says what the policy's own folder and its routes use, and which variant runs here", async () => {
    const folder = writeArtefact({ defaultShift: 0.5 });
    const policy = `version: 1
model: ${folder}
routes:
  - name: small
    when: { text: hello }
    answer: { generate: tiny/plain }
`;
    const { models: found, missing } = await listed(policy);
    expect(missing).toEqual([]);
    const own = found.find(({ name }) => name === "tiny-v1");
    expect(own).toMatchObject({
      folder,
      uses: ["decides"],
      selfCheck: { isPassed: true, variant: "reduce_range" },
    });
    expect(own?.variants.map(({ name }) => name)).toEqual(["default", "reduce_range"]);
    expect(found.find(({ name }) => name === "tiny/plain")).toMatchObject({
      uses: ["generates for small"],
      selfCheck: null,
      variants: [{ name: "fp32", quantisation: "fp32" }],
    });
    const bundled = found.find(({ name }) => name === "support-v1");
    expect(bundled?.folder).toBe(resolve(import.meta.dirname, "../../models/support-v1"));
    expect(bundled?.uses).toEqual([]);
  });

  it("says why a model that is there does not work", async () => {
    const broken = writeArtefact();
    await writeFile(join(broken, "manifest.json"), "{}");
    const unsound = writeArtefact({ defaultShift: 0.5, reduceRangeShift: 0.5 });
    for (const [folder, words] of [
      [broken, "manifest.json: "],
      [unsound, "the self-check differs"],
    ] as const) {
      const { models: found } = await listed(`version: 1\nmodel: ${folder}\n`);
      const own = found.find(({ uses }) => uses.includes("decides"));
      expect(JSON.stringify(own?.selfCheck)).toContain(words);
    }
  });

  it("exits 1 and says where to put what is not there", async () => {
    const { code, out } = await models("version: 1\nmodel: org/nowhere\n");
    expect(code).toBe(1);
    expect(out).toMatch(/^not there \(decides\): .*SIDESTEP_MODELS/mu);
  });

  it("exits 2 for a policy that would not load", async () => {
    const { code, err } = await models("version: 1\nmodle: x\n");
    expect(code).toBe(2);
    expect(err).toContain("unknown key `modle`");
  });
});
