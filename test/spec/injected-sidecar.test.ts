/** The sidecar of a patched pod, run with the environment that the patch gives it: what the patch promises holds. */
import OpenAI from "openai";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Pod, Variable } from "../../proxy/injector/pod.ts";
import {
  startInjectedPod,
  type Environment,
  type InjectedPod,
  type Surroundings,
} from "../support/injected-pod.ts";
import { createScriptedUpstream, type ScriptedUpstream } from "../support/scripted-upstream.ts";
import { rawValue } from "../support/scripted-upstream-reader.ts";
import { eventually } from "../support/sidecar.ts";

let cloud: ScriptedUpstream;

const reply = JSON.stringify({
  id: "c1",
  object: "chat.completion",
  created: 1,
  model: "m",
  choices: [
    { index: 0, message: { role: "assistant", content: "from afar" }, finish_reason: "stop" },
  ],
});

beforeAll(async () => {
  cloud = await createScriptedUpstream();
  cloud.play({ status: 200, headers: ["content-type", "application/json"], body: reply });
});
afterAll(() => cloud.close());

const pongs = `routes:
  - { name: ping, when: { text: "^ping$" }, answer: { template: pong } }
`;

/** A pod with one container, whose own base URL is that of the test's cloud. */
function podWith(env: readonly Variable[] = [], annotations: Environment = {}): Pod {
  const url = { name: "OPENAI_BASE_URL", value: `${cloud.url}/v1` };
  return { metadata: { annotations }, spec: { containers: [{ name: "app", env: [url, ...env] }] } };
}

/** The operator knows the test's cloud, so that its URL is kept as an upstream. */
function start(pod: Pod, around: Surroundings = {}): Promise<InjectedPod> {
  const knownHosts = [new URL(cloud.url).host];
  return startInjectedPod(pod, { ...around, settings: { knownHosts, ...around.settings } });
}

/** Asks as the application would, by what its environment says. */
async function ask(pod: InjectedPod, content: string): Promise<string | null> {
  const { OPENAI_BASE_URL: baseURL = "none", OPENAI_API_KEY: apiKey = "sk-own" } =
    pod.environmentOf("app");
  const client = new OpenAI({ baseURL, apiKey, maxRetries: 0 });
  const messages = [{ role: "user", content } as const];
  const completion = await client.chat.completions.create({ model: "m", messages });
  return completion.choices[0]?.message.content ?? null;
}

describe("an injected pod", () => {
  it("without any policy forwards to the provider that its application had named", async () => {
    const pod = await start(podWith());
    expect(pod.environmentOf("app")["OPENAI_BASE_URL"]).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/app-/);
    expect(await ask(pod, "ping")).toBe("from afar");
    const { head } = await cloud.next();
    expect(head.target).toBe("/v1/chat/completions");
    expect(rawValue(head.headers, "authorization")).toBe("Bearer sk-own");
    expect((await fetch(`${pod.health}/livez`)).status).toBe(200);
    await eventually(() => (pod.log().includes("this policy is empty") ? true : null));
    expect(await pod.stop()).toBe(0);
  });

  it("answers by its policies, and takes up one that comes later", async () => {
    const pod = await start(podWith(), { policies: { "cluster/a.yaml": pongs } });
    expect(await ask(pod, "ping")).toBe("pong");
    await pod.writePolicy("namespace/a.yaml", "deny: [{ text: '^ping$' }]\n");
    await eventually(async () => ((await ask(pod, "ping")) === "from afar" ? true : null));
    await pod.stop();
  });

  it("starts and forwards when its policy is invalid, and takes up the mended one", async () => {
    const pod = await start(podWith(), { policies: { "cluster/a.yaml": "routse: []\n" } });
    expect(await ask(pod, "ping")).toBe("from afar");
    await eventually(() => (pod.log().includes("unknown key `routse`") ? true : null));
    await pod.writePolicy("cluster/a.yaml", pongs);
    await eventually(async () => ((await ask(pod, "ping")) === "pong" ? true : null));
    await pod.stop();
  });

  it("has the real key in the sidecar alone", async () => {
    const key = { name: "OPENAI_API_KEY", valueFrom: { secretKeyRef: { name: "llm", key: "k" } } };
    const pod = await start(podWith([key], { "sidestep.dev/key": "secret" }), {
      secrets: { "llm/k": "sk-real" },
    });
    expect(pod.environmentOf("app")["OPENAI_API_KEY"]).toBe("held-by-the-sidecar");
    const before = cloud.exchanges.length;
    expect(await ask(pod, "ping")).toBe("from afar");
    const head = cloud.exchanges[before]?.head;
    expect(head === undefined ? "" : rawValue(head.headers, "authorization")).toBe(
      "Bearer sk-real",
    );
    await pod.stop();
  });

  it("starts though its proxy and its authorities are of no use", async () => {
    const settings = { httpsProxy: "socks5://nowhere:1", caConfigMap: "ca" };
    const pod = await start(podWith(), { settings });
    expect(await ask(pod, "ping")).toBe("from afar");
    expect(pod.log()).toContain("HTTPS_PROXY");
    expect(pod.log()).toContain("ca.crt");
    await pod.stop();
  });

  it("ends as soon as it is told to, since its application has ended before", async () => {
    const pod = await start(podWith());
    expect(pod.environmentOf("sidestep")["SIDESTEP_QUIET"]).toBe("0s");
    expect(await pod.stop()).toBe(0);
  });
});
