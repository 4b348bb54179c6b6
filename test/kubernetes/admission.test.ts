/** The chart's webhook in a real API: who gets a sidecar and who does not, each of users' known pains by its name. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { hasSidecar, install, podNamed, variableOf, type Installed } from "./support/installed.ts";
import { until } from "./support/process.ts";

let at: Installed;
const enabled = { "sidestep.dev/inject": "enabled" };
const restricted = { "pod-security.kubernetes.io/enforce": "restricted" };

const greeting = 'routes:\n  - { name: hi, when: { text: "^hi$" }, answer: { template: hello } }\n';

beforeAll(async () => {
  at = await install({ "policy.cluster": { "cluster.yaml": greeting } });
  await at.namespace("shop", enabled);
  await at.namespace("plain");
  await at.namespace("strict", { ...enabled, ...restricted });
});
afterAll(() => at.close());

describe("a pod", () => {
  it("of a namespace that asks gets a native sidecar, and leads to it", async () => {
    const { pod } = await at.make(podNamed("a"), "shop");
    expect(pod?.spec.initContainers?.[0]).toMatchObject({
      name: "sidestep",
      restartPolicy: "Always",
    });
    expect(variableOf(pod, "app", "OPENAI_BASE_URL")).toBe("http://127.0.0.1:4000/v1");
  });

  it("of another namespace never comes to the webhook, unless it asks itself", async () => {
    const before = await admissions();
    const { pod } = await at.make(podNamed("a"), "plain");
    expect(pod !== null && hasSidecar(pod)).toBe(false);
    expect(await admissions()).toBe(before);
    const asking = podNamed("a", { metadata: { labels: enabled } });
    const own = await at.make(asking, "plain");
    expect(own.pod !== null && hasSidecar(own.pod)).toBe(true);
  });

  it.each([
    { labels: { "sidestep.dev/inject": "disabled" } },
    { annotations: { "sidestep.dev/inject": "disabled" } },
  ])("that refuses gets none: %j", async (metadata) => {
    const { pod } = await at.make(podNamed("a", { metadata }), "shop");
    expect(pod !== null && hasSidecar(pod)).toBe(false);
  });

  it("with an invalid word is made without one, and its owner is warned (pain 22)", async () => {
    const metadata = { labels: { "sidestep.dev/inject": "yes-please" } };
    const { pod, err } = await at.make(podNamed("a", { metadata }), "shop");
    expect(pod !== null && hasSidecar(pod)).toBe(false);
    expect(err).toContain("annotation_invalid");
  });

  it("on the node's network is made without one, and says why (pain 22)", async () => {
    const spec = { hostNetwork: true };
    const { pod, err } = await at.make(podNamed("a", { spec }), "shop");
    expect(pod?.metadata.annotations?.["sidestep.dev/status"]).toContain("host_network");
    expect(err).toContain("host_network");
  });

  it("that ends by itself has a sidecar that ends with it (pain 1)", async () => {
    const { pod } = await at.make(podNamed("a", { spec: { restartPolicy: "Never" } }), "shop");
    expect(pod?.spec.initContainers?.[0]?.restartPolicy).toBe("Always");
    expect(pod?.spec.containers.map(({ name }) => name)).toEqual(["app"]);
  });

  it("has its own init containers behind the sidecar, and led to it (pain 4)", async () => {
    const spec = { initContainers: [{ name: "seed", image: "seed:1" }] };
    const { pod } = await at.make(podNamed("a", { spec }), "shop");
    expect(pod?.spec.initContainers?.map(({ name }) => name)).toEqual(["sidestep", "seed"]);
    expect(variableOf(pod, "seed", "OPENAI_BASE_URL")).toBe("http://127.0.0.1:4000/v1");
  });

  it("that was admissible under PodSecurity restricted still is (pain 18)", async () => {
    const securityContext = {
      allowPrivilegeEscalation: false,
      capabilities: { drop: ["ALL"] },
      runAsNonRoot: true,
      runAsUser: 1000,
      seccompProfile: { type: "RuntimeDefault" },
    };
    const spec = { containers: [{ name: "app", image: "app:1", securityContext }] };
    const { pod, err } = await at.make(podNamed("a", { spec }), "strict");
    expect(err).toBe("");
    expect(pod !== null && hasSidecar(pod)).toBe(true);
    expect((await at.make(podNamed("a"), "strict")).err).toContain("violates PodSecurity");
  });

  it("that has a port of ours gets the sidecar on others (pain 17)", async () => {
    const ports = [{ containerPort: 4001 }];
    const spec = { containers: [{ name: "app", image: "app:1", ports }] };
    const { pod } = await at.make(podNamed("a", { spec }), "shop");
    expect(variableOf(pod, "app", "OPENAI_BASE_URL")).toBe("http://127.0.0.1:4010/v1");
  });

  it("is what `kubectl exec` and `logs` mean, not the sidecar (pain 21)", async () => {
    const { pod } = await at.make(podNamed("a"), "shop");
    expect(pod?.metadata.annotations?.["kubectl.kubernetes.io/default-container"]).toBe("app");
  });

  it("keeps every other resource of the sidecar when it sets one (pain 16)", async () => {
    const metadata = { annotations: { "sidestep.dev/cpu-request": "75m" } };
    const { pod } = await at.make(podNamed("a", { metadata }), "shop");
    expect(pod?.spec.initContainers?.[0]).toMatchObject({
      resources: { requests: { cpu: "75m", memory: "256Mi" }, limits: { memory: "512Mi" } },
    });
  });

  it("says which version it was patched by (pain 20)", async () => {
    const { pod } = await at.make(podNamed("a"), "shop");
    expect(pod?.metadata.annotations?.["sidestep.dev/status"]).toContain('"version":"0.1.0"');
  });

  it("that came without the injector is counted and told of (pain 8)", async () => {
    at.service.down();
    await at.make(podNamed("stray"), "shop", false);
    at.service.use(at.replicas.map(({ port }) => port));
    await until(async () => ((await metric("missing_pods")) === 1 ? true : null));
    const event = await until(async () => {
      const { out } = await at.cluster.kubectl([
        "get",
        "events",
        "-n",
        "shop",
        "-o",
        "name",
        "--field-selector",
        "reason=SidecarMissing",
      ]);
      return out.trim() === "" ? null : out.trim();
    });
    expect(event.split("\n")).toHaveLength(1);
  });

  it("that is made for good has an Event that tells of it; a dry run has none", async () => {
    await at.make(podNamed("told"), "shop", false);
    const found = await until(async () => {
      const flags = ["--field-selector", "reason=Injected,involvedObject.name=told", "-o", "name"];
      const { out } = await at.cluster.kubectl(["get", "events", "-n", "shop", ...flags]);
      return out.trim() === "" ? null : out.trim();
    });
    expect(found.split("\n")).toHaveLength(1);
  });
});

describe("policies in the cluster", () => {
  it("are copied into namespaces that ask, and taken away from those that no longer do", async () => {
    const copy = async (): Promise<string> =>
      (
        await at.cluster.kubectl([
          "get",
          "configmap",
          "-n",
          "shop",
          "sidestep-cluster",
          "-o",
          "jsonpath={.data}",
        ])
      ).out;
    await until(async () => ((await copy()).includes("hello") ? true : null));
    await at.cluster.kubectl([
      "label",
      "namespace",
      "shop",
      "sidestep.dev/inject=disabled",
      "--overwrite",
    ]);
    await until(async () => ((await copy()) === "" ? true : null));
    await at.cluster.kubectl([
      "label",
      "namespace",
      "shop",
      "sidestep.dev/inject=enabled",
      "--overwrite",
    ]);
    await until(async () => ((await copy()).includes("hello") ? true : null));
  });

  it("leave alone what somebody else has under that name", async () => {
    await at.cluster.kubectl([
      "create",
      "configmap",
      "-n",
      "plain",
      "sidestep-cluster",
      "--from-literal=a=mine",
    ]);
    await at.cluster.kubectl(["label", "namespace", "plain", "sidestep.dev/inject=enabled"]);
    await until(async () => ((await metric("faults_total", 'place="policy"')) === 0 ? true : null));
    const { out } = await at.cluster.kubectl([
      "get",
      "configmap",
      "-n",
      "plain",
      "sidestep-cluster",
      "-o",
      "jsonpath={.data.a}",
    ]);
    expect(out).toBe("mine");
    await at.cluster.kubectl(["label", "namespace", "plain", "sidestep.dev/inject-"]);
  });

  it("are refused when they are invalid, with file, line and column", async () => {
    const { code, err } = await at.cluster.kubectl([
      "create",
      "configmap",
      "-n",
      "shop",
      "sidestep",
      "--from-literal=a.yaml=routs: []",
    ]);
    expect(code).not.toBe(0);
    expect(err).toContain("shop/sidestep/a.yaml:1:1: unknown key `routs`; did you mean `routes`?");
    const good = await at.cluster.kubectl([
      "create",
      "configmap",
      "-n",
      "shop",
      "sidestep",
      "--from-literal=a.yaml=mode: observe",
    ]);
    expect(good.code).toBe(0);
  });

  it("are no concern of other ConfigMaps", async () => {
    const { code } = await at.cluster.kubectl([
      "create",
      "configmap",
      "-n",
      "shop",
      "other",
      "--from-literal=a.yaml=routs: []",
    ]);
    expect(code).toBe(0);
  });
});

async function metric(name: string, labels = ""): Promise<number> {
  const text = await (await fetch(`${at.replicas[0]?.health}/metrics`)).text();
  const lines = text.split("\n").filter((line) => line.startsWith(`sidestep_injector_${name}`));
  const values = lines
    .filter((line) => line.includes(labels))
    .map((line) => Number(line.split(" ").at(-1)));
  return values.reduce((sum, value) => sum + value, 0);
}

const admissions = (): Promise<number> => metric("admissions_total");
