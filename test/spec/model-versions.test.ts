/** Two versions of a model side by side: a reload switches between them under load, and a bad one changes nothing. */
import { cp, mkdtemp, readdir, readFile, rename, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import * as v from "valibot";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { adminJson, eventually, startSidecar, type Sidecar } from "../support/sidecar.ts";

const bundled = resolve(import.meta.dirname, "../../models/support-v1");
const first = "support-v1 (default)";
const second = "support-v2 (default)";

const decisionsPage = v.object({
  decisions: v.array(v.looseObject({ id: v.string(), classifier: v.nullable(v.string()) })),
});

let models: string;
let sidecar: Sidecar;

beforeAll(async () => {
  models = await mkdtemp(join(tmpdir(), "sidestep-models-"));
  await releaseAs("2", "support-v2");
  sidecar = await startSidecar({ policy: policyFor("support-v1") });
});

afterAll(async () => {
  await sidecar?.stop();
});

/** A copy of the bundled artefact as another version. */
async function releaseAs(version: string, folder: string): Promise<string> {
  await cp(bundled, join(models, folder), { recursive: true });
  const file = join(models, folder, "manifest.json");
  const manifest = v.parse(
    v.record(v.string(), v.unknown()),
    JSON.parse(await readFile(file, "utf8")),
  );
  await writeFile(file, JSON.stringify({ ...manifest, version }));
  return join(models, folder);
}

function policyFor(model: string, answer = "Hello!"): string {
  return `version: 1
model: ${model}
limits: { decision: 10s }
intents:
  parcel: [where is my parcel, has my parcel arrived]
  refund: [how do refunds work, can I get my money back]
routes:
  - name: greeting
    when: { task: greeting, confidence: ">= 0.5" }
    answer: { template: ${answer} }
`;
}

async function take(policy: string): Promise<void> {
  await writeFile(`${sidecar.policyFile}.new`, policy);
  await rename(`${sidecar.policyFile}.new`, sidecar.policyFile);
}

interface Called {
  readonly status: number;
  readonly id: string;
  readonly text: string;
}

const greet = (): Promise<Called> => ask(sidecar.url);

async function ask(url: string): Promise<Called> {
  const reply = await fetch(`${url}/v1/chat/completions`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ model: "gpt-4o", messages: [{ role: "user", content: "hello there" }] }),
  });
  const id = reply.headers.get("x-request-id") ?? "";
  return { status: reply.status, id, text: await reply.text() };
}

/** Calls without pause from three sides while `work` runs; gives every call. */
async function underLoad(work: () => Promise<void>): Promise<readonly Called[]> {
  const load = new AbortController();
  const calls: Called[] = [];
  const caller = async (): Promise<void> => {
    while (!load.signal.aborted) calls.push(await greet());
  };
  const callers = [caller(), caller(), caller()];
  try {
    await work();
  } finally {
    load.abort();
    await Promise.all(callers);
  }
  return calls;
}

/** The records of the log by call: which model each one used. */
function modelsByCall(): ReadonlyMap<string, unknown> {
  const lines = sidecar
    .log()
    .split("\n")
    .filter((line) => line.includes('"classifier"'));
  return new Map(
    lines.map((line) => {
      const record = v.parse(v.looseObject({ id: v.string() }), JSON.parse(line));
      return [record.id, record["classifier"]];
    }),
  );
}

async function metric(pattern: RegExp): Promise<string | null> {
  const text = await (await fetch(`${sidecar.admin}/metrics`)).text();
  return pattern.exec(text)?.[1] ?? null;
}

const modelInForce = (): Promise<string | null> =>
  metric(/^sidestep_model_info\{model="(.*)"\} 1/mu);
const lastReload = (): Promise<string | null> =>
  metric(/^sidestep_policy_last_reload_successful (\d)/mu);

async function threads(): Promise<number> {
  return (await readdir(`/proc/${sidecar.process.pid}/task`)).length;
}

async function inForce(name: string): Promise<void> {
  await eventually(async () => ((await modelInForce()) === name ? true : null));
}

describe("a reload that names another version", () => {
  it("switches under load without a failed call, and each record names the model that it used", async () => {
    await underLoad(async () => void (await greet()));
    const threadsBefore = await threads();
    const calls = await underLoad(async () => {
      for (const [model, name] of [
        [join(models, "support-v2"), second],
        ["support-v1", first],
        [join(models, "support-v2"), second],
      ] as const) {
        await take(policyFor(model));
        await inForce(name);
        await greet();
      }
    });
    expect(calls.length).toBeGreaterThan(20);
    expect(calls.filter(({ status, text }) => status !== 200 || !text.includes("Hello!"))).toEqual(
      [],
    );
    // The log arrives a little later than the replies.
    const used = await eventually(() => {
      const now = modelsByCall();
      return calls.every(({ id }) => now.has(id)) ? now : null;
    });
    const names = calls.map(({ id }) => used.get(id));
    expect(new Set(names)).toEqual(new Set([first, second]));
    // The threads of the versions that are no longer in force end.
    await eventually(async () => ((await threads()) <= threadsBefore ? true : null));
  });

  it("is told on the policy page and on the page of decisions", async () => {
    const { id } = await greet();
    const page = await (await fetch(`${sidecar.admin}/policy`)).text();
    expect(page).toContain(second);
    const { decisions } = v.parse(decisionsPage, await adminJson(sidecar, "/decisions"));
    expect(decisions.find((one) => one.id === id)?.classifier).toBe(second);
  });
});

describe("a reload whose model is bad", () => {
  it.each<[string, (folder: string) => Promise<string>, string]>([
    [
      "missing",
      (folder) => Promise.resolve(`${folder}-nowhere`),
      "no directory with a manifest.json",
    ],
    [
      "corrupt",
      async (folder) => {
        await writeFile(join(folder, "tokenizer.json"), "{}");
        return folder;
      },
      "tokenizer.json does not match its SHA-256",
    ],
  ])("keeps the last good policy and its model in force: %s", async (name, damage, words) => {
    const model = await damage(await releaseAs("3", name));
    const calls = await underLoad(async () => {
      await take(policyFor(model, "Goodbye!"));
      await eventually(async () => ((await lastReload()) === "0" ? true : null));
      await greet();
    });
    expect(calls.filter(({ text }) => !text.includes("Hello!"))).toEqual([]);
    expect(await modelInForce()).toBe(second);
    const page = await (await fetch(`${sidecar.admin}/policy`)).text();
    expect(page).toContain("could not be loaded");
    expect(page).toContain(words);
    expect(sidecar.log()).toContain(words);
    await take(policyFor(join(models, "support-v2")));
    await eventually(async () => ((await lastReload()) === "1" ? true : null));
  });
});

describe("a start without its model", () => {
  it("is ready at once, and takes the model up when it comes, with the policy as it is then", async () => {
    const folder = join(models, "late");
    const late = await startSidecar({ policy: policyFor(folder, "Late!") });
    try {
      const page = async (): Promise<string> => (await fetch(`${late.admin}/policy`)).text();
      expect(await page()).toMatch(/"status": "(?:failed|loading)"/u);
      // Not after the last of its tries, but while there are some left.
      expect(await page()).toContain('"isFinal": false');
      await writeFile(late.policyFile, policyFor(folder, "Later!"));
      await releaseAs("4", "late");
      await eventually(async () => {
        const now = await page();
        return now.includes("support-v4 (default)") && now.includes('"status": "ready"')
          ? true
          : null;
      });
      const answers = await eventually(async () => {
        const reply = await ask(late.url);
        return reply.text.includes("Later!") ? reply.text : null;
      });
      expect(answers).toContain("Later!");
    } finally {
      await late.stop();
    }
  });
});
