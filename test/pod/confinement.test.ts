/** What a sidecar in a pod is held to and may have: user, rights, memory, the provider's key, its policy. */
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { eventually } from "../support/sidecar.ts";
import type { RunningPod } from "./support/kubelet.ts";
import { caller, hasTold, openRig, podOf, told, type Rig } from "./support/rig.ts";
import { byModel, byRule } from "../support/greeting-policies.ts";

let rig: Rig;

beforeAll(async () => {
  rig = await openRig();
});

afterEach(async () => {
  rig.setPace(0);
  await rig.clear();
});

afterAll(() => rig.close());

/** Runs a script of Node in a container. */
async function inside(pod: RunningPod, name: string, script: string): Promise<string> {
  const { container } = pod.container(name);
  const ran = await container.exec("/app/bin/node", "-e", script);
  return ran.out + ran.err;
}

const status = `console.log(require("node:fs").readFileSync("/proc/1/status", "utf8"))`;
const writing = `require("node:fs").writeFileSync("/app/x", "")`;

describe("a sidecar in a pod", () => {
  it("is user 65532 without any right, on a root that nobody can write to", async () => {
    const pod = await rig.run({ pod: podOf({}) });
    const text = await inside(pod, "sidestep", status);
    expect(text).toMatch(/^Uid:\s+65532\s+65532/m);
    expect(text.match(/^Cap\w+:\s+0+$/gm)).toHaveLength(5);
    expect(text).toMatch(/^NoNewPrivs:\s+1$/m);
    expect(text).toMatch(/^Seccomp:\s+2$/m);
    expect(await inside(pod, "sidestep", writing)).toContain("EROFS");
  });

  it("is another user where the operator says so", async () => {
    const pod = await rig.run({ pod: podOf({}), settings: { uid: 2102 } });
    expect(await inside(pod, "sidestep", status)).toMatch(/^Uid:\s+2102\s+2102/m);
    await hasTold(pod, "call");
  });

  it("stays within the memory that its annotation gives, under a hundred streams", async () => {
    rig.setPace(200);
    const containers = [caller("app", ["streams", "100"])];
    const pod = await rig.run({
      pod: podOf({ containers }, { "sidestep.dev/memory-limit": "200Mi" }),
    });
    await hasTold(pod, "whole", { count: 200 });
    const sidecar = pod.container("sidestep");
    expect(sidecar.container.memory().limit).toBe(200 * 2 ** 20);
    expect(sidecar.restarts).toBe(0);
    expect(told(pod).filter(({ event }) => event === "cut")).toEqual([]);
  });

  it("has no service account's token", async () => {
    const pod = await rig.run({ pod: podOf({}) });
    const listing = `console.log(require("node:fs").readdirSync("/var/run/secrets/kubernetes.io/serviceaccount"))`;
    expect((await inside(pod, "sidestep", listing)).trim()).toBe("[]");
  });
});

/** Fills the container's memory without being the one that holds it. */
const filling = `
const { writeFileSync } = require("node:fs");
for (let part = 0; part < 60; part += 1) writeFileSync("/dev/shm/" + part, Buffer.alloc(2 ** 20, 1));
`;

describe("a sidecar that runs out of memory", () => {
  it("is started again, while the application goes on and its calls come through", async () => {
    const annotations = { "sidestep.dev/memory-limit": "160Mi" };
    const pod = await rig.run({ pod: podOf({}, annotations), policy: byModel });
    const sidecar = pod.container("sidestep");
    await eventually(() => (told(pod).some(({ decision }) => decision === "local") ? true : null));
    await eventually(async () => {
      await inside(pod, "sidestep", filling);
      return sidecar.restarts > 0 ? true : null;
    });
    expect(pod.events).toContain("sidestep ended 137");
    expect(pod.events).not.toContain("sidestep killed");
    const before = told(pod).filter(({ event }) => event === "call").length;
    await hasTold(pod, "call", { count: before + 5 });
    expect(pod.container("app").restarts).toBe(0);
    expect(pod.container("app").container.isRunning()).toBe(true);
  });
});

describe("the provider's key", () => {
  it("is the sidecar's alone: the application has another, and the provider gets the true one", async () => {
    const key = "sk-true-8f2b6c";
    const env = [
      {
        name: "OPENAI_API_KEY",
        valueFrom: { secretKeyRef: { name: "llm", key: "openai" } },
      },
    ];
    const containers = [caller("app", ["stay"], { env })];
    const pod = await rig.run({
      pod: podOf({ containers }, { "sidestep.dev/key": "secret" }),
      secrets: { llm: { openai: key } },
    });
    await hasTold(pod, "call");
    expect(told(pod)[0]?.["key"]).toEqual(expect.stringMatching(/./));
    expect(JSON.stringify(told(pod))).not.toContain(key);
    expect(await inside(pod, "app", "console.log(process.env)")).not.toContain(key);
    const everywhere = `
      const { readdirSync, readFileSync } = require("node:fs");
      for (const pid of readdirSync("/proc").filter((name) => /^[0-9]+$/.test(name)))
        console.log(readFileSync("/proc/" + pid + "/environ", "latin1"));`;
    expect(await inside(pod, "app", everywhere)).not.toContain(key);
    const got = rig.cloud.state.journal.entries().map((entry) => JSON.stringify(entry));
    expect(got.at(-1)).toContain(`Bearer ${key}`);
  });
});

describe("a policy's ConfigMap", () => {
  it("is taken up when the kubelet brings it, without a restart or a failed call; a bad one is not", async () => {
    const pod = await rig.run({ pod: podOf({}) });
    await hasTold(pod, "call", { count: 3 });
    pod.update("sidestep", rig.policy(byRule));
    const hasAnswered = (): true | null =>
      told(pod).some(({ decision }) => decision === "local") ? true : null;
    await eventually(hasAnswered);
    pod.update("sidestep", rig.policy("rotues: []\n"));
    const sidecar = pod.container("sidestep");
    await eventually(() => (sidecar.container.log().includes("policy_refused") ? true : null));
    const before = told(pod).length;
    await hasTold(pod, "call", { count: before + 3 });
    expect(told(pod).at(-1)?.["decision"]).toBe("local");
    expect(told(pod).filter(({ event }) => event === "failed")).toEqual([]);
    expect(sidecar.restarts).toBe(0);
    for (let swap = 0; swap < 20; swap += 1) {
      pod.update("sidestep", rig.policy(swap % 2 === 0 ? byRule : byModel));
    }
    pod.update("sidestep", rig.policy("mode: observe\nroutes: []\n"));
    await eventually(() => (told(pod).at(-1)?.["decision"] === "forwarded" ? true : null));
  });
});
