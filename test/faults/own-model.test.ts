/** The local model breaks: its thread dies, its files are garbage. Calls go through, and it comes back by itself. */
import { readFile, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import * as v from "valibot";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createSimulatedCloud, type SimulatedCloud } from "../../examples/simulated-cloud/cloud.ts";
import {
  ask,
  changedOnTheWay,
  eventsOf,
  metric,
  noticed,
  underLoad,
  type Called,
} from "../support/application.ts";
import { inspectable, killWorkers } from "../support/inspector.ts";
import { eventually, startSidecar, type Sidecar } from "../support/sidecar.ts";
import { writeArtefact } from "../proxy/inference/tiny-model.ts";

/** Words that the tiny model knows. */
const hello = "hello where is my money";

let cloud: SimulatedCloud;
let model: string;
let sidecar: Sidecar;

beforeAll(async () => {
  cloud = await createSimulatedCloud({ ttftMs: 1, tokensPerSecond: 0, journalEntries: 100_000 });
  model = writeArtefact();
  sidecar = await startSidecar({ policy: policyFor("Hello!"), env: inspectable });
});

afterAll(async () => {
  await sidecar?.stop();
  await cloud?.close();
});

function policyFor(answer: string, named = model): string {
  return `version: 1
model: ${named}
limits: { decision: 10s }
providers: { openai: { url: ${cloud.url}/v1 } }
intents:
  order: [where is my order, the order, my good order]
  refund: [the refund, my money back, a refund]
routes:
  - name: greeting
    when: { text: hello, sentiment: [negative, neutral, positive], confidence: ">= 0.01" }
    answer: { template: ${answer} }
`;
}

const answered = async (): Promise<Called | null> => {
  const call = await ask(sidecar.url, hello);
  return call.decision === "local" ? call : null;
};

const modelStates = (): readonly unknown[] =>
  eventsOf(sidecar, "model").map((event) => ("status" in event ? event.status : null));

const modelIs = (state: string): Promise<string | null> =>
  metric(sidecar, new RegExp(`^sidestep_classifier_state\\{state="${state}"\\} (1)`, "mu"));

/** Swaps one of the model's files for garbage; gives how to put it back. */
async function spoil(name: string): Promise<() => Promise<void>> {
  const file = join(model, name);
  const good = await readFile(file);
  await writeFile(`${file}.new`, "no model at all");
  await rename(`${file}.new`, file);
  return async () => {
    await writeFile(`${file}.new`, good);
    await rename(`${file}.new`, file);
  };
}

describe("the model's thread", () => {
  it("dies under load: calls are forwarded, and it is back by itself, told in log, metric and page", async () => {
    const calls = await underLoad(sidecar, hello, async () => {
      await eventually(answered);
      await killWorkers(sidecar);
      await eventually(() => (modelStates().includes("failed") ? true : null));
      await eventually(async () => ((await answered()) === null ? null : true));
    });
    expect(noticed(calls)).toEqual([]);
    expect(changedOnTheWay(calls, cloud)).toEqual([]);
    const reasons = new Set(calls.map(({ reason }) => reason));
    expect(reasons).toEqual(new Set(["answered_template", "model_unavailable"]));
    expect(modelStates().slice(-3)).toEqual(["failed", "loading", "ready"]);
    expect(await modelIs("ready")).toBe("1");
    const page = await (await fetch(`${sidecar.admin}/policy`)).text();
    expect(page).toMatch(/"restarts": [1-9]/u);
  });
});

describe("garbage in the place of the model's weights", () => {
  it("is not read by a reload that keeps the model: the policy changes, answers go on", async () => {
    const putBack = await spoil("model.onnx");
    const calls = await underLoad(sidecar, hello, async () => {
      await writeFile(`${sidecar.policyFile}.new`, policyFor("Good day!"));
      await rename(`${sidecar.policyFile}.new`, sidecar.policyFile);
      await eventually(async () => ((await answered())?.body.includes("Good day!") ? true : null));
    });
    await putBack();
    expect(calls.filter(({ decision }) => decision !== "local")).toEqual([]);
  });

  it("meets a thread that starts again: calls are forwarded until the file is whole again", async () => {
    const putBack = await spoil("model.onnx");
    const calls = await underLoad(sidecar, hello, async () => {
      await eventually(answered);
      await killWorkers(sidecar);
      await eventually(() =>
        sidecar.log().includes("model.onnx does not match its SHA-256") ? true : null,
      );
      const page = await (await fetch(`${sidecar.admin}/policy`)).text();
      expect(page).toContain("does not match its SHA-256");
      await putBack();
      await eventually(async () => ((await answered()) === null ? null : true));
    });
    expect(noticed(calls)).toEqual([]);
    expect(changedOnTheWay(calls, cloud)).toEqual([]);
    expect(calls.some(({ reason }) => reason === "model_unavailable")).toBe(true);
    expect(await modelIs("ready")).toBe("1");
  });
});

describe("another sound model in the place of the loaded one", () => {
  it("is not taken for it by a thread that starts again: it is taken up whole, with intents fitted to it", async () => {
    await ownWindow(9);
    const calls = await underLoad(sidecar, hello, async () => {
      await killWorkers(sidecar);
      await eventually(() => (sidecar.log().includes("files have changed") ? true : null));
      await eventually(answered);
    });
    expect(noticed(calls)).toEqual([]);
    expect(modelStates().slice(-4)).toEqual(["failed", "loading", "failed", "ready"]);
    expect(eventsOf(sidecar, "policy_loaded").length).toBeGreaterThan(2);
  });
});

/** Writes a manifest with another window, so that embeddings of long texts are others than before. */
async function ownWindow(tokens: number): Promise<void> {
  const file = join(model, "manifest.json");
  const manifest = v.parse(
    v.looseObject({ window: v.looseObject({}) }),
    JSON.parse(await readFile(file, "utf8")),
  );
  const window = { ...manifest.window, max_tokens: tokens };
  await writeFile(`${file}.new`, JSON.stringify({ ...manifest, window }));
  await rename(`${file}.new`, file);
}

describe("a stop in the middle of the model's work", () => {
  it("ends like any other: a thread that is broken off within the native runtime takes the process with it", async () => {
    const busy = await startSidecar({ policy: policyFor("Hello!", "support-v1") });
    const long = "hello where is my parcel and how do refunds work ".repeat(40);
    const calls = Array.from({ length: 12 }, (_, at) => ask(busy.url, `${long} ${at}`));
    await eventually(async () =>
      (await metric(busy, /^sidestep_classifier_waiting ([1-9])/mu)) === null ? null : true,
    );
    expect(await busy.stop()).toBe(0);
    await Promise.all(calls);
  });
});
