/** A restart computes nothing anew: embeddings and fits are kept by what they were made of. */
import { mkdtemp, readdir, readFile, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { sidestep } from "../support/command.ts";
import { eventually, startSidecar, type Sidecar } from "../support/sidecar.ts";

const sentences = ["parcel", "refund", "invoice"].flatMap((thing) =>
  ["where is my", "I lost my", "please cancel the", "who sent the"].map(
    (begin) => `${begin} ${thing}`,
  ),
);

function policyFor(more: readonly string[] = []): string {
  const intents = Map.groupBy([...sentences, ...more], (text) => text.split(" ").at(-1) ?? "");
  const lines = [...intents].map(([name, texts]) => `  ${name}: ${JSON.stringify(texts)}`);
  return `version: 1
limits: { decision: 5s }
intents:
${lines.join("\n")}
routes:
  - name: parcel
    when: { intent: parcel, max_wrong: 0.5% }
    answer: { template: It is on its way. }
`;
}

const running: Sidecar[] = [];
let state = "";

beforeEach(async () => {
  state = join(await mkdtemp(join(tmpdir(), "sidestep-state-")), "kept");
});

afterEach(async () => {
  for (const sidecar of running.splice(0)) await sidecar.stop();
});

async function start(folder: string, policy = policyFor()): Promise<Sidecar> {
  const sidecar = await startSidecar({ policy, flags: ["--state", folder] });
  running.push(sidecar);
  return sidecar;
}

interface Cost {
  readonly sentences: { readonly computed: number; readonly kept: number };
  readonly fits: { readonly computed: number; readonly kept: number };
}

/** What making the policies ready has cost so far. */
async function costOf(sidecar: Sidecar): Promise<Cost> {
  const metrics = await (await fetch(`${sidecar.admin}/metrics`)).text();
  const read = (name: string, source: string): number =>
    Number(new RegExp(`^${name}\\{source="${source}"\\} (\\d+)`, "mu").exec(metrics)?.[1] ?? 0);
  const both = (name: string): { computed: number; kept: number } => ({
    computed: read(name, "computed"),
    kept: read(name, "kept"),
  });
  return { sentences: both("sidestep_fitted_sentences_total"), fits: both("sidestep_fits_total") };
}

async function ask(sidecar: Sidecar): Promise<string | null> {
  const reply = await fetch(`${sidecar.url}/v1/chat/completions`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({
      model: "gpt-4o",
      messages: [{ role: "user", content: "where is my parcel" }],
    }),
  });
  return reply.headers.get("x-sidestep-route");
}

describe("a second start", () => {
  it("runs the model for no sentence, fits nothing and decides alike", async () => {
    const first = await start(state);
    expect(await costOf(first)).toEqual({
      sentences: { computed: 12, kept: 0 },
      fits: { computed: 1, kept: 0 },
    });
    expect(await ask(first)).toBe("parcel");
    await first.stop();
    const second = await start(state);
    expect(await costOf(second)).toEqual({
      sentences: { computed: 0, kept: 12 },
      fits: { computed: 0, kept: 1 },
    });
    expect(await ask(second)).toBe("parcel");
  });

  it("is what explain and train use too, and they fill it for it", async () => {
    const folder = await mkdtemp(join(tmpdir(), "sidestep-"));
    const policy = join(folder, "policy.yaml");
    await writeFile(policy, policyFor());
    const flags = ["--policy", policy, "--state", state];
    expect((await sidestep(["explain", ...flags, "where is my parcel"])).out).toContain("parcel");
    expect((await costOf(await start(state))).sentences.computed).toBe(0);
    const rows = sentences.map((text) =>
      JSON.stringify({ text, intent: text.split(" ").at(-1) ?? "" }),
    );
    const file = join(folder, "rows.jsonl");
    await writeFile(file, rows.join("\n"));
    const files = await readdir(state);
    const { code } = await sidestep(["train", "--holdout", "--state", state, file]);
    expect(code).toBe(0);
    // The fits of the parts that judge one another.
    expect((await readdir(state)).length).toBeGreaterThan(files.length);
  });
});

describe("what is kept", () => {
  it("is for its owner alone, and holds no text of the policy", async () => {
    await start(state);
    expect((await stat(state)).mode & 0o077).toBe(0);
    const names = await readdir(state);
    expect(names).toHaveLength(2);
    for (const name of names) {
      expect((await stat(join(state, name))).mode & 0o777).toBe(0o600);
      expect((await readFile(join(state, name))).includes("parcel")).toBe(false);
    }
  });

  it("is read for the changed sentences only at a reload", async () => {
    const sidecar = await start(state);
    await writeFile(sidecar.policyFile, policyFor(["has anyone seen my parcel"]));
    const cost = await eventually(async () => {
      const now = await costOf(sidecar);
      return now.fits.computed === 2 ? now : null;
    });
    expect(cost.sentences).toEqual({ computed: 13, kept: 12 });
  });

  it("is done without where it is damaged, and is made anew", async () => {
    await (await start(state)).stop();
    for (const name of await readdir(state)) await writeFile(join(state, name), "damaged");
    const second = await start(state);
    expect((await costOf(second)).sentences.computed).toBe(12);
    expect(await ask(second)).toBe("parcel");
    await second.stop();
    expect((await costOf(await start(state))).sentences.computed).toBe(0);
  });
});

describe("a folder that cannot be written", () => {
  it("changes nothing but the time that a start takes, and one line says so", async () => {
    const file = `${state}-file`;
    await writeFile(file, "");
    const sidecar = await start(join(file, "below"));
    expect(await ask(sidecar)).toBe("parcel");
    expect(sidecar.log().match(/state_not_kept/gu)).toHaveLength(1);
    expect(sidecar.log()).toContain("ENOTDIR");
  });

  it("is not tried with --state off", async () => {
    const sidecar = await start("off");
    expect((await costOf(sidecar)).sentences.computed).toBe(12);
    expect(sidecar.log()).not.toContain("state_not_kept");
  });
});
