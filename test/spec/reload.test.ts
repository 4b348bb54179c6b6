/** Policies change while calls flow: a good file takes over, a bad one changes nothing, no call is lost. */
import { rename, writeFile } from "node:fs/promises";
import OpenAI from "openai";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createSimulatedCloud, type SimulatedCloud } from "../../examples/simulated-cloud/cloud.ts";
import { eventually, startSidecar, type Sidecar } from "../support/sidecar.ts";

let cloud: SimulatedCloud;
let sidecar: Sidecar;
let client: OpenAI;

beforeAll(async () => {
  cloud = await createSimulatedCloud({ ttftMs: 1, tokensPerSecond: 0 });
  sidecar = await startSidecar({ policy: policyFor("v0") });
  client = new OpenAI({ baseURL: `${sidecar.url}/v1`, apiKey: "sk-test", maxRetries: 0 });
});

afterAll(async () => {
  await sidecar?.stop();
  await cloud?.close();
});

function policyFor(answer: string): string {
  return `version: 1
providers: { openai: { url: ${cloud.url}/v1 } }
routes:
  - name: ping
    when: { text: "^ping$" }
    answer: { template: "${answer}" }
  - name: rest
    forward: {}
`;
}

async function ping(): Promise<string> {
  const reply = await client.chat.completions.create({
    model: "gpt-4o",
    messages: [{ role: "user", content: "ping" }],
  });
  return reply.choices[0]?.message.content ?? "";
}

async function replaceBy(text: string): Promise<void> {
  await writeFile(`${sidecar.policyFile}.new`, text);
  await rename(`${sidecar.policyFile}.new`, sidecar.policyFile);
}

describe("a reload", () => {
  it("takes effect after an editor's rename and after a write in place", async () => {
    expect(await ping()).toBe("v0");
    await replaceBy(policyFor("v1"));
    await eventually(async () => ((await ping()) === "v1" ? true : null));
    await writeFile(sidecar.policyFile, policyFor("v2"));
    await eventually(async () => ((await ping()) === "v2" ? true : null));
  });

  it("keeps the last good policy when the file is bad, and says so with the position", async () => {
    await replaceBy(policyFor("v3").replace("routes:", "rotues:"));
    const shown = await eventually(async () => {
      const text = await (await fetch(`${sidecar.admin}/policy`)).text();
      return text.includes("rotues") ? text : null;
    });
    expect(shown).toContain("did you mean");
    expect(await ping()).toBe("v2");
    const metrics = await (await fetch(`${sidecar.admin}/metrics`)).text();
    expect(metrics).toMatch(/sidestep_policy_last_reload_success\S* 0/);
    await replaceBy(policyFor("v4"));
    await eventually(async () => ((await ping()) === "v4" ? true : null));
  });

  it("loses no call over a hundred reloads under load", async () => {
    const load = new AbortController();
    let calls = 0;
    const strange: string[] = [];
    const caller = async (): Promise<void> => {
      while (!load.signal.aborted) {
        const text = await ping();
        calls += 1;
        if (!/^v(?:4|100|r\d+)$/.test(text)) strange.push(text);
      }
    };
    const callers = [caller(), caller(), caller()];
    for (let round = 0; round < 100; round += 1) {
      await replaceBy(policyFor(`vr${round}`));
      await ping();
    }
    await eventually(async () => ((await ping()) === "vr99" ? true : null));
    load.abort();
    await Promise.all(callers);
    expect(strange).toEqual([]);
    expect(calls).toBeGreaterThan(100);
  });
});
