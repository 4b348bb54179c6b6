/** `sidestep status` by the real kubectl at a real API: what is skewed or missing is found, and what it says mends it. */
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { sidestep, type Ran } from "../support/command.ts";
import { hasSidecar, install, podNamed, type Installed } from "./support/installed.ts";
import { ran } from "./support/process.ts";

let at: Installed;

/** The injector's pod, as the Deployment's controller would make it. */
async function makeInjectorPod(): Promise<void> {
  const path = "/apis/apps/v1/namespaces/sidestep/deployments/sidestep-injector";
  const { text } = await at.cluster.call("GET", path);
  const { template }: { readonly template: { readonly metadata: object; readonly spec: object } } =
    JSON.parse(text).spec;
  const { metadata, spec } = template;
  const pod = podNamed("sidestep-injector-1", { metadata, spec });
  const made = await at.cluster.call("POST", "/api/v1/namespaces/sidestep/pods", pod);
  expect(made.status).toBe(201);
}

/** A pod that an injector two versions older has left, as its controller's. */
async function makeOlder(name: string): Promise<void> {
  const owner = { apiVersion: "apps/v1", kind: "ReplicaSet", name: "cart-7d4b", uid: "1" };
  const { pod } = await at.make(podNamed(name), "shop");
  const older: { readonly spec: object; readonly metadata: { readonly annotations: object } } =
    JSON.parse(
      JSON.stringify(pod)
        .replace(String.raw`\"version\":\"0.1.0\"`, String.raw`\"version\":\"0.0.8\"`)
        .replace("sidestep:0.1.0", "sidestep:0.0.8"),
    );
  const metadata = {
    annotations: older.metadata.annotations,
    labels: { "pod-template-hash": "7d4b", "sidestep.dev/injected": "true" },
    ownerReferences: [{ ...owner, controller: true }],
  };
  const made = await at.make(podNamed(name, { metadata, spec: older.spec }), "shop", false);
  expect(made.pod?.spec).toEqual(older.spec);
  expect(made.pod?.metadata.annotations).toEqual(older.metadata.annotations);
}

async function makeCart(): Promise<void> {
  const labels = { app: "cart" };
  const template = {
    metadata: { labels },
    spec: { containers: [{ name: "app", image: "app:1" }] },
  };
  const made = await at.cluster.call("POST", "/apis/apps/v1/namespaces/shop/deployments", {
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata: { name: "cart" },
    spec: { selector: { matchLabels: labels }, template },
  });
  expect(made.status).toBe(201);
}

function status(...flags: readonly string[]): Promise<Ran> {
  return sidestep(["status", ...flags], "", at.cluster.env);
}

/** The administrator's kubeconfig, for somebody else. */
async function configOf(user: string): Promise<string> {
  const config = JSON.parse(await readFile(at.cluster.env["KUBECONFIG"] ?? "", "utf8"));
  config.users[0].user.as = user;
  const path = join(at.cluster.folder, user);
  await writeFile(path, JSON.stringify(config), { mode: 0o600 });
  return path;
}

beforeAll(async () => {
  at = await install();
  await at.namespace("shop", { "sidestep.dev/inject": "enabled" });
  await at.namespace("plain");
  await at.make(podNamed("unasked"), "plain", false);
  await at.make(podNamed("new"), "shop", false);
});
afterAll(() => at?.close());

describe("sidestep status", () => {
  it("is well where every pod has the present sidecar, measured by this program's version", async () => {
    const { code, out, err } = await status();
    expect({ code, err }).toEqual({ code: 0, err: "" });
    expect(out).toMatch(/^shop +new +current +0\.1\.0 +native +sidestep:0\.1\.0/m);
    expect(out).not.toContain("unasked");
    expect(out).toContain("that of this program is the measure, 0.1.0.");
  });

  it("finds the injector's version by its pods", async () => {
    await makeInjectorPod();
    const { code, out } = await status("-n", "shop");
    expect(code).toBe(0);
    expect(out).toContain("The injector is 0.1.0; this program is 0.1.0.");
  });

  it("names a skewed pod, which the webhook has left as it was, and what mends it (pain 20)", async () => {
    await makeOlder("cart-7d4b-a");
    await makeOlder("cart-7d4b-b");
    await makeCart();
    const { code, out } = await status();
    expect(code).toBe(1);
    expect(out).toMatch(/^shop +cart-7d4b-a +skewed +0\.0\.8 +native +sidestep:0\.0\.8/m);
    const [mend = "", ...more] = out.split("\n").filter((line) => line.startsWith("  kubectl"));
    expect(more).toEqual([]);
    const { code: restarted, err } = await ran("sh", ["-c", mend], { env: at.cluster.env });
    expect({ restarted, err }).toEqual({ restarted: 0, err: "" });
    const path = "/apis/apps/v1/namespaces/shop/deployments/cart";
    expect((await at.cluster.call("GET", path)).text).toContain("restartedAt");
  });

  it("does not count skewed pods that are over", async () => {
    for (const name of ["cart-7d4b-a", "cart-7d4b-b"]) {
      const path = `/api/v1/namespaces/shop/pods/${name}/status`;
      const phase = name.endsWith("a") ? "Succeeded" : "Failed";
      expect((await at.cluster.call("PATCH", path, { status: { phase } })).status).toBe(200);
    }
    const { code, out } = await status();
    expect(code).toBe(0);
    expect(out).toContain("2 over or being deleted");
  });

  it("names pods without the sidecar that they ask for, with the reason that is written", async () => {
    await at.make(podNamed("hosted", { spec: { hostNetwork: true } }), "shop", false);
    at.service.down();
    const { pod } = await at.make(podNamed("stray"), "shop", false);
    at.service.use(at.replicas.map(({ port }) => port));
    expect(pod !== null && hasSidecar(pod)).toBe(false);
    const { code, out } = await status("-n", "shop", "--output", "json");
    expect(code).toBe(1);
    const { counts, pods } = JSON.parse(out);
    expect(counts).toEqual({ current: 1, skewed: 0, missing: 2, over: 2 });
    expect(pods).toMatchObject([
      { name: "hosted", state: "missing", reason: "host_network" },
      { name: "new", state: "current" },
      { name: "stray", state: "missing", reason: null, because: "made without the injector" },
    ]);
  });

  it("needs the right to read, and for one namespace only there", async () => {
    const flags = ["--kubeconfig", await configOf("eve")];
    const refused = await status(...flags);
    expect(refused.code).toBe(2);
    expect(refused.err).toContain("forbidden");
    expect(refused.err).toContain("the right to list pods and namespaces is needed");
    const role = ["create", "role", "reader", "-n", "shop", "--verb=get,list", "--resource=pods"];
    await at.cluster.kubectl(role);
    const binding = ["create", "rolebinding", "reader", "-n", "shop", "--role=reader"];
    await at.cluster.kubectl([...binding, "--user=eve"]);
    const { code, out } = await status("-n", "shop", ...flags);
    expect(code).toBe(0);
    expect(out).toMatch(/^shop +new +current/m);
    expect(out).toContain("Not known of shop: whether the namespace asks for sidecars.");
  });

  it("names what kubectl says of a namespace or a context that is not there", async () => {
    const namespace = await status("-n", "nowhere");
    expect(namespace).toMatchObject({ code: 2, out: "" });
    expect(namespace.err).toContain('namespaces "nowhere" not found');
    const context = await status("--context", "west");
    expect(context).toMatchObject({ code: 2, out: "" });
    expect(context.err).toContain("west");
  });
});
