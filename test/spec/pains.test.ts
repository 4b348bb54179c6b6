/** What users of other sidecars suffered from, one test a pain; those about admission stand in test/kubernetes. */
import { mkdirSync, mkdtempSync, renameSync, symlinkSync, writeFileSync } from "node:fs";
import { Agent, request, type IncomingMessage } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { setTimeout as pause } from "node:timers/promises";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { createSimulatedCloud, type SimulatedCloud } from "../../examples/simulated-cloud/cloud.ts";
import { inject } from "../../proxy/injector/inject.ts";
import { ask, metric } from "../support/application.ts";
import { startInjectedPod, type InjectedPod } from "../support/injected-pod.ts";
import { currentCluster, injectorSettings } from "../support/injector.ts";
import { eventually, startSidecar, type Sidecar } from "../support/sidecar.ts";

let cloud: SimulatedCloud;
let sidecar: Sidecar | null = null;
let pod: InjectedPod | null = null;

beforeAll(async () => {
  cloud = await createSimulatedCloud({ ttftMs: 1, tokensPerSecond: 0 });
});
afterAll(() => cloud?.close());
afterEach(async () => {
  await sidecar?.stop();
  await pod?.stop();
  [sidecar, pod] = [null, null];
});

const providers = (): string => `providers: { openai: { url: "${cloud.url}/v1" } }\n`;

describe("pain 3: the application starts before its proxy", () => {
  it.each([
    ["a model that is not there", "model: /nowhere/at-all\n"],
    ["a model that is still being loaded", "model: support-v1\n"],
  ])("its first call is served as soon as the startup probe passes, with %s", async (_, model) => {
    pod = await startInjectedPod(
      { spec: { containers: [{ name: "app" }] } },
      { policies: { "cluster/a.yaml": model + providers() }, waitsFor: "started" },
    );
    const { OPENAI_BASE_URL: url = "" } = pod.environmentOf("app");
    const first = await ask(url.replace(/\/v1$/, ""), "hello");
    expect(first).toMatchObject({ status: 200, decision: "forwarded" });
  });
});

/** One call over the agent's only connection. */
function get(url: string, agent: Agent): Promise<{ reply: IncomingMessage; isReused: boolean }> {
  return new Promise((resolve, reject) => {
    const call = request(`${url}/v1/models`, { agent }, (reply) => {
      void text(reply).then(() => resolve({ reply, isReused: call.reusedSocket }), reject);
    });
    call.on("error", reject).end();
  });
}

describe("pain 13: a drain breaks the application's own connections", () => {
  it("after the signal a kept connection serves on, and no reply closes it", async () => {
    sidecar = await startSidecar({
      policy: `version: 1\nmodel: null\n${providers()}`,
      flags: ["--health", "127.0.0.1:0", "--grace", "30s", "--quiet", "10s"],
    });
    const { url, health, process: child } = sidecar;
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    await get(url, agent);
    child.kill("SIGTERM");
    await eventually(async () => ((await fetch(`${health}/readyz`)).status === 503 ? true : null));
    for (let call = 0; call < 3; call += 1) {
      const { reply, isReused } = await get(url, agent);
      expect(reply.statusCode).toBe(200);
      expect(reply.headers.connection).not.toBe("close");
      expect(isReused).toBe(true);
    }
    agent.destroy();
  });

  it("a native sidecar has no preStop, which would begin a drain before the application is gone", () => {
    const given = { pod: { spec: { containers: [{ name: "app" }] } }, namespaceLabels: null };
    const { pod: after } = inject({ ...given, isAsked: true }, injectorSettings(), currentCluster);
    expect(after.spec.initContainers?.[0]).not.toHaveProperty("lifecycle");
  });
});

/** As a kubelet brings a ConfigMap up to date. */
function swap(folder: string, version: string, policy: string): void {
  const next = join(folder, `..${version}`);
  mkdirSync(next);
  writeFileSync(join(next, "policy.yaml"), policy);
  symlinkSync(next, join(folder, "..data_tmp"));
  renameSync(join(folder, "..data_tmp"), join(folder, "..data"));
}

describe("pain 19: a change of configuration needs a restart, or is slow", () => {
  it("a hundred swaps of a ConfigMap in ten seconds: the last is live within one, a bad one keeps the old", async () => {
    const folder = mkdtempSync(join(tmpdir(), "sidestep-map-"));
    const saying = (word: string): string =>
      `version: 1\nmodel: null\n${providers()}routes:\n  - { name: ping, when: { text: "^ping$" }, answer: { template: ${word} } }\n`;
    swap(folder, "first", saying("first"));
    symlinkSync("..data/policy.yaml", join(folder, "policy.yaml"));
    const running = await startSidecar({ policy: "", place: folder });
    sidecar = running;
    const said = async (): Promise<string> => (await ask(running.url, "ping")).body;
    expect(await said()).toContain("first");
    for (let at = 0; at < 100; at += 1) {
      swap(folder, `swap-${at}`, saying(`word-${at}`));
      // The pace of the swaps is what is tested.
      await pause(100);
    }
    const lastMs = performance.now();
    await eventually(async () => ((await said()).includes("word-99") ? true : null));
    expect(performance.now() - lastMs).toBeLessThan(1000);
    swap(folder, "bad", "routse: []\n");
    const pattern = /^sidestep_policy_last_reload_successful (\d)$/m;
    await eventually(async () => ((await metric(running, pattern)) === "0" ? true : null));
    expect(await said()).toContain("word-99");
  });
});

describe("pain 20: the injector is newer than the sidecar", () => {
  const known = (word: string): string =>
    `routes:\n  - { name: ping, when: { text: "^ping$" }, answer: { template: ${word} } }\n`;
  const newer: readonly (readonly [string, string, string])[] = [
    ["a key", `${known("newer")}shapes: [round]\n`, "unknown key `shapes`"],
    ["a key within a route", known("newer").replace("when:", "whom: all, when:"), "`whom`"],
    ["a version of the language", `version: 2\n${known("newer")}`, "cluster/a.yaml:1:10"],
  ];

  it.each(newer)(
    "the cluster's policy with %s that it does not know is refused whole, and the last good one stays",
    async (_, policy, problem) => {
      const given = { metadata: { name: "a" }, spec: { containers: [{ name: "app" }] } };
      const policies = { "cluster/a.yaml": providers() + known("older"), "namespace/a.yaml": "" };
      const running = await startInjectedPod(given, { policies });
      pod = running;
      const { OPENAI_BASE_URL: base = "" } = running.environmentOf("app");
      const said = () => ask(base.replace(/\/v1$/, ""), "ping");
      expect((await said()).body).toContain("older");
      await running.writePolicy("cluster/a.yaml", policy);
      await eventually(() => (running.log().includes("policy_refused") ? true : null));
      expect(running.log()).toContain(problem);
      // What another level says meanwhile waits with it: no half of a policy is in force.
      await running.writePolicy("namespace/a.yaml", "deny: [{ text: '^ping$' }]\n");
      await eventually(() => (running.log().split("policy_refused").length > 2 ? true : null));
      expect((await said()).body).toContain("older");
      await running.writePolicy("cluster/a.yaml", providers() + known("mended"));
      await running.writePolicy("namespace/a.yaml", "");
      await eventually(async () => ((await said()).body.includes("mended") ? true : null));
    },
  );

  it("started with a policy that it does not know it forwards, and says why", async () => {
    const [, policy, problem] = newer[0] ?? ["", "", "none"];
    const url = { name: "OPENAI_BASE_URL", value: `${cloud.url}/v1` };
    const knownHosts = [new URL(cloud.url).host];
    const running = await startInjectedPod(
      { spec: { containers: [{ name: "app", env: [url] }] } },
      { policies: { "cluster/a.yaml": policy }, settings: { knownHosts } },
    );
    pod = running;
    const { OPENAI_BASE_URL: base = "" } = running.environmentOf("app");
    const { status, decision } = await ask(base.replace(/\/v1$/, ""), "ping");
    expect({ status, decision }).toEqual({ status: 200, decision: "forwarded" });
    await eventually(() => (running.log().includes(problem) ? true : null));
  });
});
