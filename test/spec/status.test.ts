/** `sidestep status`, as a platform engineer or a pipeline uses it. */
import { mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { describe, expect, it } from "vitest";
import { parseAllDocuments } from "yaml";
import { bare, injectorPod, listOf, namespaced, patched } from "../support/cluster-listing.ts";
import { sidestep, type Ran } from "../support/command.ts";

const shop = namespaced("shop", { "sidestep.dev/inject": "enabled" });
const plain = namespaced("plain");
const home = namespaced("sidestep");
const injector = injectorPod("registry.example/sidestep:0.3.0");
const around = [shop, plain, home, injector] as const;
const hash = { "pod-template-hash": "7d4b" };

/** What the command says of these objects. */
function status(objects: readonly object[], ...flags: readonly string[]): Promise<Ran> {
  return sidestep(["status", "-f", "-", ...flags], listOf(...objects));
}

async function statusJson(...objects: readonly object[]) {
  const { code, out } = await status(objects, "--output", "json");
  return { code, ...JSON.parse(out) };
}

describe("sidestep status", () => {
  it("exits 0 where every sidecar is the injector's version, and lists each", async () => {
    const { code, out, err } = await status([...around, patched("0.3.0", "cart-1")]);
    expect({ code, err }).toEqual({ code: 0, err: "" });
    expect(out).toMatch(
      /^shop +cart-1 +current +0\.3\.0 +native +registry\.example\/sidestep:0\.3\.0 +-$/m,
    );
    expect(out).toContain("1 pod has a sidecar; 1 by 0.3.0; 0 skewed; 0 without one");
    expect(out).toContain("The injector is 0.3.0; this program is 0.1.0.");
    expect(out).not.toContain("mend");
  });

  it("exits 1 where one is another version's, and names the command that mends it (pain 20)", async () => {
    const owner = ["ReplicaSet", "cart-7d4b"] as const;
    const pods = ["cart-7d4b-a", "cart-7d4b-b"].map((name) =>
      patched("0.1.0", name, { owner, labels: hash }),
    );
    const { code, out } = await status([...around, ...pods, patched("0.3.0", "new")]);
    expect(code).toBe(1);
    expect(out).toMatch(/^shop +cart-7d4b-a +skewed +0\.1\.0 .* patched by 0\.1\.0$/m);
    expect(out.match(/kubectl rollout restart/g)).toHaveLength(1);
    expect(out).toContain("\n  kubectl rollout restart deployment/cart -n shop\n");
  });

  it("knows pods that an injector two versions older left (pain 20)", async () => {
    const folder = resolve(import.meta.dirname, "../fixtures/inject/older/0.1.0");
    const text = readFileSync(join(folder, "keys.yaml"), "utf8");
    const pods = parseAllDocuments(text).map((each): object => each.toJS());
    const { code, counts, pods: told } = await statusJson(...around, ...pods);
    expect({ code, counts }).toEqual({
      code: 1,
      counts: { current: 0, skewed: pods.length, missing: 0, over: 0 },
    });
    expect(told[0]).toMatchObject({ version: "0.1.0", image: "sidestep:0.1.0", mode: "native" });
  });

  it("does not count pods that are over or being deleted", async () => {
    const { code, counts, pods } = await statusJson(
      ...around,
      patched("0.1.0", "done", { phase: "Succeeded" }),
      patched("0.1.0", "lost", { phase: "Failed" }),
      bare("going", { isLeaving: true }),
    );
    expect({ code, counts, pods }).toEqual({
      code: 0,
      counts: { current: 0, skewed: 0, missing: 0, over: 3 },
      pods: [],
    });
  });

  it("looks at one namespace alone, by the injector that is in another", async () => {
    const old = { namespace: "plain", labels: { "sidestep.dev/inject": "enabled" } };
    const objects = [...around, patched("0.3.0", "cart"), patched("0.2.0", "old", old)];
    const { code, out } = await status(objects, "-n", "shop");
    expect(code).toBe(0);
    expect(out).toContain("0.3.0");
    expect(out).not.toContain("old");
    expect((await status(objects, "-n", "plain")).code).toBe(1);
  });
});

describe("a pod without the sidecar that it or its namespace asks for", () => {
  const asks = { "sidestep.dev/inject": "enabled" };

  it.each([
    ["its namespace asks", bare("a"), "made without the injector"],
    [
      "its label asks",
      bare("a", { namespace: "plain", labels: asks }),
      "made without the injector",
    ],
    ["its annotation asks", bare("a", { namespace: "plain", annotations: asks }), "be a label"],
    [
      "it could not have one",
      patched("0.3.0", "a", { spec: { hostNetwork: true } }),
      "host_network: ",
    ],
    ["nobody told it that it cannot", bare("a", { spec: { hostNetwork: true } }), "host_network: "],
    ["its word is none", bare("a", { labels: { "sidestep.dev/inject": "ja" } }), "takes `enabled`"],
    [
      "another version gave its own reason",
      bare("a", { annotations: { "sidestep.dev/status": '{"skipped":"moon_phase"}' } }),
      "moon_phase: a reason of another version",
    ],
    [
      "it has the annotations of a pod that had one",
      bare("a", { annotations: { "sidestep.dev/status": '{"version":"0.3.0"}' } }),
      "made without the injector",
    ],
  ])("is missing with its reason, exit 1: %s", async (_, pod, because) => {
    const { code, pods } = await statusJson(...around, pod);
    expect(code).toBe(1);
    expect(pods).toMatchObject([{ name: "a", state: "missing", version: null }]);
    expect(pods[0].because).toContain(because);
  });

  it.each([
    ["refuses", bare("a", { labels: { "sidestep.dev/inject": "disabled" } })],
    ["is where nobody asks", bare("a", { namespace: "plain" })],
    [
      "has a container of that name of its own",
      bare("a", {
        namespace: "plain",
        spec: { containers: [{ name: "sidestep", image: "theirs:1" }] },
      }),
    ],
    ["is where the injector looks away", bare("a", { namespace: "kube-system" })],
    ["is beside the injector", bare("a", { namespace: "sidestep" })],
  ])("is none when it %s", async (_, pod) => {
    const asking = ["kube-system", "sidestep"].map((name) => namespaced(name, asks));
    const { code, pods } = await statusJson(shop, plain, injector, ...asking, pod);
    expect({ code, pods }).toEqual({ code: 0, pods: [] });
  });

  it("is made anew where that helps, and not where it has a reason", async () => {
    const { mends } = await statusJson(
      ...around,
      bare("cart-0", { owner: ["StatefulSet", "cart"] }),
      patched("0.3.0", "node-1", { owner: ["DaemonSet", "node"], spec: { hostNetwork: true } }),
    );
    expect(mends).toMatchObject([{ command: "kubectl rollout restart statefulset/cart -n shop" }]);
  });
});

describe("the mend", () => {
  const rollout = { "rollouts-pod-template-hash": "99" };

  it.each([
    ["Deployment", ["ReplicaSet", "a-7d4b"], hash, "kubectl rollout restart deployment/a -n shop"],
    ["Rollout", ["ReplicaSet", "a-99"], rollout, "kubectl argo rollouts restart a -n shop"],
    ["StatefulSet", ["StatefulSet", "a"], {}, "kubectl rollout restart statefulset/a -n shop"],
    ["DaemonSet", ["DaemonSet", "a"], {}, "kubectl rollout restart daemonset/a -n shop"],
  ] as const)("restarts a %s", async (kind, owner, labels, command) => {
    const pod = patched("0.1.0", "a-1", { owner, labels });
    const { mends } = await statusJson(...around, pod);
    const named = { namespace: "shop", kind, name: "a" };
    expect(mends).toEqual([{ owner: named, pods: 1, command, advice: null }]);
  });

  it.each([
    ["a Job", ["Job", "night-1"], "cannot be restarted; it ends by itself"],
    ["a bare ReplicaSet", ["ReplicaSet", "a-7d4b"], "bare ReplicaSet cannot be restarted"],
    ["something unknown", ["RayCluster", "a"], "restart this RayCluster as its own controller"],
    ["nobody", undefined, "nobody makes this pod anew"],
  ] as const)("says plainly that %s cannot be restarted", async (_, owner, advice) => {
    const pod = patched("0.1.0", "a-1", owner === undefined ? {} : { owner });
    const { mends } = await statusJson(...around, pod);
    expect(mends).toMatchObject([{ command: null, advice: expect.stringContaining(advice) }]);
    expect((await status([...around, pod])).out).toContain(advice);
  });

  it("of a pod that was patched by hand is in its manifest", async () => {
    const owner = ["ReplicaSet", "a-7d4b"] as const;
    const pod = patched("0.1.0", "a-1", { owner, labels: hash, namespace: "plain" });
    const { mends } = await statusJson(...around, pod);
    expect(mends).toMatchObject([
      { command: null, advice: expect.stringContaining("`sidestep uninject`") },
    ]);
  });

  it("reaches the cluster that was looked at", async () => {
    const pod = patched("0.1.0", "a-0", { owner: ["StatefulSet", "a"] });
    const { out } = await status([...around, pod], "--context", "the shop's");
    expect(out).toContain(String.raw`statefulset/a -n shop --context 'the shop'\''s'`);
  });
});

describe("the measure", () => {
  const old = patched("0.1.0", "a");

  it.each([
    ["the tag of its image", [injectorPod("sidestep:v0.3.0")], ["0.3.0"], 1],
    ["the chart's word beside a digest", [injectorPod("sidestep@sha256:00")], ["0.3.0"], 1],
    [
      "the version in the tag of an image without a model",
      [injectorPod("s:0.3.0-slim")],
      ["0.3.0"],
      1,
    ],
    ["the tag before the digest", [injectorPod("host:5000/s:0.1.0@sha256:00")], ["0.1.0"], 0],
    ["this program's where its tag says nothing", [injectorPod("host:5000/sidestep:main")], [], 0],
    ["this program's where it has neither", [injectorPod("host:5000/sidestep")], [], 0],
    ["this program's where there is none", [], [], 0],
    [
      "both in the middle of an upgrade",
      [injectorPod("s:0.3.0"), injectorPod("s:0.1.0", "b")],
      ["0.1.0", "0.3.0"],
      0,
    ],
  ])("is the injector's version: %s", async (_, running, injectors, code) => {
    expect(await statusJson(shop, home, ...running, old)).toMatchObject({ injectors, code });
  });

  it("is said, and so is what could not be seen", async () => {
    const { out } = await status([old]);
    expect(out).toContain("that of this program is the measure, 0.1.0.");
    expect(out).toContain("Not known of shop: whether the namespace asks for sidecars.");
  });

  it("finds a sidecar skewed whose pod says no version", async () => {
    const spec = { containers: [{ name: "sidestep", image: "s:1" }] };
    const pod = bare("a", { labels: { "sidestep.dev/injected": "true" }, spec });
    const { code, pods } = await statusJson(...around, pod);
    expect(code).toBe(1);
    expect(pods).toMatchObject([{ state: "skewed", version: null, mode: "container" }]);
  });
});

/** A `kubectl` that answers by its arguments, and writes them down. */
function kubectl(script: string) {
  const folder = mkdtempSync(join(tmpdir(), "sidestep-kubectl-"));
  const calls = join(folder, "calls");
  writeFileSync(calls, "");
  const text = `#!/bin/sh\necho "$*" >> '${calls}'\n${script}\n`;
  writeFileSync(join(folder, "kubectl"), text, { mode: 0o755 });
  return {
    PATH: `${folder}:${process.env["PATH"]}`,
    calls: () => readFileSync(calls, "utf8").trim().split("\n").toSorted(),
  };
}

const printing = (...objects: readonly object[]): string =>
  `cat <<'END'\n${listOf(...objects)}\nEND`;

describe("kubectl", () => {
  it("is asked once for everything, about the cluster that is named", async () => {
    const { PATH, calls } = kubectl(printing(...around, patched("0.3.0", "a")));
    const flags = ["--context", "west", "--kubeconfig", "/etc/kube"];
    const { code, out } = await sidestep(["status", ...flags], "", { PATH });
    expect(code).toBe(0);
    expect(out).toContain("1 pod has a sidecar");
    expect(calls()).toEqual([
      "get pods,namespaces -A -o json --context west --kubeconfig /etc/kube",
    ]);
  });

  it("is asked for one namespace with no more rights than those to its pods", async () => {
    const forbidden = "echo 'Error from server (Forbidden): no' >&2; exit 1";
    const pods = printing(patched("0.1.0", "a"));
    const { PATH, calls } = kubectl(
      `case "$*" in "get pods -n"*) ;; *) ${forbidden};; esac\n${pods}`,
    );
    const { code, out } = await sidestep(["status", "-n", "shop"], "", { PATH });
    expect(code).toBe(0);
    expect(out).toContain("Not known of shop");
    expect(calls()).toEqual([
      "get namespaces shop -o json",
      "get pods -A -l app.kubernetes.io/name=sidestep,app.kubernetes.io/component=injector -o json",
      "get pods -n shop -o json",
    ]);
  });

  it.each([
    ["forbids it", "echo 'pods is forbidden: User \"eve\"' >&2; exit 1", "the right to list pods"],
    ["knows no such context", "echo 'error: context \"x\" does not exist' >&2; exit 1", '"x" does'],
    ["says nothing", "exit 3", "kubectl ended with 3"],
    ["prints something else", "echo hello", "kubectl: it is not JSON"],
  ])("that %s is named with its mend, exit 2", async (_, script, words) => {
    const { PATH } = kubectl(script);
    const { code, out, err } = await sidestep(["status"], "", { PATH });
    expect({ code, out }).toEqual({ code: 2, out: "" });
    expect(err).toContain(words);
    expect(err).not.toContain("    at ");
  });

  it("that never answers, or what it has started, is not waited for, exit 2", async () => {
    const { PATH } = kubectl("sleep 5");
    const { code, err } = await sidestep(["status", "--timeout", "500ms"], "", { PATH });
    expect(code).toBe(2);
    expect(err).toContain("kubectl has not answered within 0.5 s");
  });

  it("that is not there is named with another way, exit 2", async () => {
    const { code, err } = await sidestep(["status"], "", { PATH: "/nowhere" });
    expect(code).toBe(2);
    expect(err).toContain("there is no kubectl in PATH");
    expect(err).toContain("sidestep status -f -");
  });
});

describe("what is wrong with a call of sidestep status", () => {
  it.each([
    ["", "it is empty"],
    ["kind: List", "it is not JSON"],
    ['{"kind":"Deployment"}', "there is no list of pods in it, but a Deployment"],
    ["[1]", "but no object"],
    [listOf({ kind: "Pod", metadata: {}, spec: {} }), "metadata.name is not what Kubernetes has"],
    [listOf({ kind: "Pod", metadata: { name: "a" }, spec: {} }), "pod default/a: spec.containers"],
  ])("names what is read instead of a list: %s", async (text, words) => {
    const { code, err } = await sidestep(["status", "-f", "-"], text);
    expect(code).toBe(2);
    expect(err).toContain(words);
    expect(err).toContain("kubectl get pods,namespaces -A -o json");
  });

  it("takes lists of one kind, from several files", async () => {
    const folder = mkdtempSync(join(tmpdir(), "sidestep-status-"));
    const file = (name: string, value: object): string => {
      writeFileSync(join(folder, name), JSON.stringify(value));
      return join(folder, name);
    };
    const { kind: _, ...pod } = bare("a");
    const pods = file("pods.json", { kind: "PodList", items: [pod] });
    const spaces = file("spaces.json", shop);
    const { code, out } = await sidestep(["status", "-f", pods, "-f", spaces]);
    expect(code).toBe(1);
    expect(out).toContain("1 without one that asks for it");
  });

  it.each([
    [["--output", "yaml"], "expected table or json"],
    [["shop"], 'no word "shop"'],
    [["-f", "/nowhere/pods.json"], "/nowhere/pods.json"],
    [["--timeout", "soon"], "--timeout soon"],
    [["--contxt", "x"], "`--context`"],
  ])("exits 2: %j", async (flags, words) => {
    const { code, err } = await sidestep(["status", ...flags]);
    expect(code).toBe(2);
    expect(err).toContain(words);
  });
});
