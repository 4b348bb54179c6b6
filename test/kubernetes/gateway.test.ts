/** The chart's gateway, from a real API: its pod's own arguments, Secrets and Service, called by the official clients. */
import { createHash } from "node:crypto";
import Anthropic from "@anthropic-ai/sdk";
import OpenAI from "openai";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createSimulatedCloud, type SimulatedCloud } from "../../examples/simulated-cloud/cloud.ts";
import { startCluster, type Cluster } from "./support/cluster.ts";
import { startContainer, type RunningContainer, type RunPod } from "./support/container.ts";
import { chart } from "./support/installed.ts";
import { until } from "./support/process.ts";
import { startService, type Balancer } from "./support/workload.ts";

const namespace = "sidestep";
const name = "sidestep-gateway";
const keys = {
  shop: "sk-sidestep-shop-0123456789abcdef0123",
  late: "sk-sidestep-late-0123456789abcdef0123",
};
const hashOf = (key: string): string => createHash("sha256").update(key).digest("hex");

let cloud: SimulatedCloud;
let cluster: Cluster;
let gateway: RunningContainer;
let service: Balancer;
let url = "";

interface Deployment {
  readonly spec: { readonly replicas?: number; readonly template: { readonly spec: RunPod } };
}

async function installed(callers: Readonly<Record<string, string>>): Promise<Deployment> {
  const policy = `providers:
  openai: { url: ${cloud.url}/v1, key: "\${OPENAI_API_KEY}" }
  anthropic: { url: ${cloud.url}, key: "\${ANTHROPIC_API_KEY}" }
`;
  const secret = (key: string): object => ({ valueFrom: { secretKeyRef: { name: "llm", key } } });
  const env = [
    { name: "OPENAI_API_KEY", ...secret("openai") },
    { name: "ANTHROPIC_API_KEY", ...secret("anthropic") },
  ];
  const values = {
    gateway: { enabled: true, callers, policy: { "gateway.yaml": policy }, env },
    policy: { cluster: { "cluster.yaml": "version: 1\nmodel: null\n" } },
  };
  const flags = Object.entries(values).flatMap(([key, value]) => [
    "--set-json",
    `${key}=${JSON.stringify(value)}`,
  ]);
  const where = ["--namespace", namespace, "--create-namespace"];
  const done = await cluster.helm(["upgrade", "--install", "sidestep", chart, ...where, ...flags]);
  if (done.code !== 0) throw new Error(done.err);
  const path = `/apis/apps/v1/namespaces/${namespace}/deployments/${name}`;
  return JSON.parse((await cluster.call("GET", path)).text);
}

beforeAll(async () => {
  cloud = await createSimulatedCloud({ ttftMs: 1, tokensPerSecond: 0 });
  cluster = await startCluster();
  await cluster.kubectl(["create", "namespace", namespace]);
  const literals = [
    "--from-literal=openai=sk-real-openai",
    "--from-literal=anthropic=sk-real-anthropic",
  ];
  await cluster.kubectl(["create", "secret", "generic", "llm", "-n", namespace, ...literals]);
  const { spec } = await installed({ shop: hashOf(keys.shop) });
  gateway = await startContainer({ cluster, namespace }, spec.template.spec);
  service = await startService(cluster, namespace, name);
  service.use([Number(new URL(gateway.listen).port)]);
  url = `http://${service.address}`;
});
afterAll(async () => {
  await gateway?.stop();
  await service?.close();
  await cluster?.close();
  await cloud?.close();
});

const openai = (apiKey: string): OpenAI =>
  new OpenAI({ baseURL: `${url}/v1`, apiKey, maxRetries: 0 });
const call = (apiKey: string) =>
  openai(apiKey).chat.completions.create({
    model: "gpt-4o-mini",
    messages: [{ role: "user", content: "hello" }],
  });

describe("the chart's gateway", () => {
  it("serves callers of its Secret at its Service, with the providers' keys of another one", async () => {
    cloud.state.journal.clear();
    expect((await call(keys.shop)).choices).toHaveLength(1);
    const anthropic = new Anthropic({ baseURL: url, apiKey: keys.shop, maxRetries: 0 });
    await anthropic.messages.create({
      model: "claude-3-haiku-20240307",
      max_tokens: 10,
      messages: [{ role: "user", content: "hello" }],
    });
    const seen = JSON.stringify(cloud.state.journal.entries());
    expect(seen).toContain("Bearer sk-real-openai");
    expect(seen).toContain("sk-real-anthropic");
    expect(seen).not.toContain(keys.shop);
  });

  it("refuses everybody else", async () => {
    await expect(call("sk-real-openai")).rejects.toMatchObject({ status: 401 });
    await expect(call(keys.late)).rejects.toMatchObject({ status: 401 });
  });

  it("lets in a caller that an upgrade names, and no longer one that it does not, without a restart", async () => {
    await installed({ late: hashOf(keys.late) });
    await gateway.sync();
    await until(async () => ((await call(keys.late)).choices.length === 1 ? true : null));
    await expect(call(keys.shop)).rejects.toMatchObject({ status: 401 });
    await installed({ shop: hashOf(keys.shop), late: hashOf(keys.late) });
    await gateway.sync();
    await until(async () => ((await call(keys.shop)).choices.length === 1 ? true : null));
  });

  it("tells the open calls that its autoscaler goes by", async () => {
    const page = await (await fetch(`${gateway.health}/metrics`)).text();
    expect(page).toMatch(/^sidestep_open_calls \d+$/m);
  });

  it("ends at once when it is told to stop and has nothing to do, and refuses from then on", async () => {
    const begunMs = performance.now();
    await gateway.stop();
    expect(gateway.child.exitCode).toBe(0);
    expect(performance.now() - begunMs).toBeLessThan(15_000);
    await expect(call(keys.shop)).rejects.toThrow("Connection error");
  });

  it("does not start without its Secret's callers", async () => {
    const { spec } = await installed({ shop: hashOf(keys.shop) });
    const empty = { stringData: { "callers.yaml": "" } };
    await cluster.call("PATCH", `/api/v1/namespaces/${namespace}/secrets/${name}-callers`, empty);
    await expect(startContainer({ cluster, namespace }, spec.template.spec)).rejects.toThrow(
      "a gateway lets nobody in without `callers`",
    );
  });
});
