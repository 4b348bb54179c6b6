/** Every command of docs/kubernetes.md, in its order, in a real API; the examples come to what the page says of them. */
import { mkdir, readdir, readFile, symlink, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { parseAllDocuments } from "yaml";
import { main } from "../support/command.ts";
import { startCluster, type Cluster } from "./support/cluster.ts";
import { hasSidecar, variableOf, type SeenPod } from "./support/installed.ts";
import { ran, until, type Ended } from "./support/process.ts";
import { toolPath } from "./support/tools.ts";
import {
  startReplica,
  startService,
  type Balancer,
  type RunningReplica,
} from "./support/workload.ts";

const root = resolve(import.meta.dirname, "../..");
const page = join(root, "docs/kubernetes.md");

let cluster: Cluster;
let bin = "";
let replica: RunningReplica | null = null;
let service: Balancer | null = null;

beforeAll(async () => {
  cluster = await startCluster();
  bin = join(cluster.folder, "bin");
  await mkdir(bin);
  await symlink(toolPath("helm"), join(bin, "helm"));
  const shim = `#!/bin/sh\nexec "${process.execPath}" "${main}" "$@"\n`;
  await writeFile(join(bin, "sidestep"), shim, { mode: 0o755 });
  for (const name of ["charts", "examples"])
    await symlink(join(root, name), join(cluster.folder, name));
});
afterAll(async () => {
  await replica?.stop();
  await service?.close();
  await cluster?.close();
});

/** A fenced block of the page. */
interface Block {
  readonly kind: string;
  readonly lines: readonly string[];
}

async function blocks(): Promise<readonly Block[]> {
  const text = await readFile(page, "utf8");
  return [...text.matchAll(/^```(sh|console)\n([^]*?)^```$/gm)].map(([, kind = "", body = ""]) => ({
    kind,
    lines: body.trimEnd().split("\n"),
  }));
}

function shell(command: string): Promise<Ended> {
  const env = { ...cluster.env, PATH: `${bin}:${process.env["PATH"]}` };
  return ran("sh", ["-c", `cd "${cluster.folder}" && ${command}`], { env });
}

/** What the cluster's controllers and nodes do elsewhere. */
async function afterwards(command: string): Promise<void> {
  if (command.startsWith("helm install")) {
    replica = await startReplica(cluster, "sidestep", "sidestep-injector", ["--linger=0s"]);
    service = await startService(cluster, "sidestep", "sidestep-injector");
    service.use([replica.port]);
  }
  if (command.startsWith("helm upgrade sidestep") && replica !== null && service !== null) {
    const next = await startReplica(cluster, "sidestep", "sidestep-injector", ["--linger=0s"]);
    service.use([next.port]);
    await replica.stop();
    replica = next;
  }
}

interface Workload {
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace: string };
  readonly spec: {
    readonly template?: object;
    readonly jobTemplate?: { readonly spec: { readonly template: object } };
  };
}

/** The pods that controllers would make of an example's workloads, by a dry run. */
async function podsOf(file: string): Promise<readonly SeenPod[]> {
  const text = await readFile(join(root, "examples/kubernetes", file), "utf8");
  const workloads: readonly Workload[] = parseAllDocuments(text).map((each) => each.toJS());
  const pods: SeenPod[] = [];
  for (const { spec, metadata } of workloads) {
    const template = spec?.jobTemplate?.spec.template ?? spec?.template;
    if (template === undefined) continue;
    const pod = { ...template, apiVersion: "v1", kind: "Pod" };
    const named = { ...pod, metadata: { ...Object(Reflect.get(pod, "metadata")), name: "made" } };
    const path = `/api/v1/namespaces/${metadata.namespace}/pods?dryRun=All`;
    const { status, text: made } = await cluster.call("POST", path, named);
    expect({ status, made: status === 201 ? "" : made }).toEqual({ status: 201, made: "" });
    pods.push(JSON.parse(made));
  }
  return pods;
}

/** Commands that a node would have to answer, with what keeps them from waiting for one; the API takes them, and finds none. */
const ofNodes: readonly (readonly [RegExp, string, RegExp])[] = [
  [/ port-forward /, "--pod-running-timeout=1s", /timed out waiting/],
];

async function runCommand(command: string): Promise<void> {
  const node = ofNodes.find(([pattern]) => pattern.test(command));
  const ended = await until(async () => {
    const done = await shell(node === undefined ? command : `${command} ${node[1]}`);
    return done.code === 0 || node !== undefined ? done : null;
  }, 20_000).catch(() => shell(command));
  if (node !== undefined) return expect(ended.err).toMatch(node[2]);
  expect({ command, code: ended.code, err: ended.code === 0 ? "" : ended.err }).toEqual({
    command,
    code: 0,
    err: "",
  });
  await afterwards(command);
}

/** What the examples are to come to, after the command that brings them. */
const checks: Readonly<Record<string, () => Promise<void>>> = {
  "kubectl apply -f examples/kubernetes/first-app.yaml": async () => {
    const [pod] = await until(async () => {
      const pods = await podsOf("first-app.yaml");
      return pods.every(hasSidecar) && pods.length === 1 ? pods : null;
    });
    expect(variableOf(pod ?? null, "app", "OPENAI_BASE_URL")).toBe("http://127.0.0.1:4000/v1");
  },
  "kubectl apply -f examples/kubernetes/job.yaml": async () => {
    const pods = await podsOf("job.yaml");
    expect(pods.map(hasSidecar)).toEqual([true, true]);
  },
  "kubectl apply -f examples/kubernetes/policy-pod.yaml": async () => {
    const { text } = await cluster.call("GET", "/api/v1/namespaces/shop/pods/assistant-beta");
    const policies = /"SIDESTEP_POLICY","value":"([^"]*)"/.exec(text)?.[1];
    expect(policies?.split(",")).toHaveLength(3);
    const copy = "/api/v1/namespaces/shop/configmaps/sidestep-cluster";
    await until(async () =>
      (await cluster.call("GET", copy)).text.includes("medical") ? true : null,
    );
  },
  "helm upgrade sidestep charts/sidestep --namespace sidestep --reuse-values --values examples/kubernetes/jaeger-values.yaml":
    async () => {
      const [pod] = await podsOf("first-app.yaml");
      const url = variableOf(pod ?? null, "sidestep", "OTEL_EXPORTER_OTLP_ENDPOINT");
      expect(url).toBe("http://jaeger.sidestep.svc:4318");
    },
};

describe("docs/kubernetes.md", () => {
  it("has commands that work, each in its order, and examples that come to what it says", async () => {
    let count = 0;
    for (const { kind, lines } of await blocks()) {
      if (kind === "console") {
        const [first = "", ...said] = lines;
        const { code, err } = await shell(first.replace(/^\$ /, ""));
        expect(code).not.toBe(0);
        for (const line of said) expect(err).toContain(line);
        count += 1;
        continue;
      }
      for (const command of lines) {
        await runCommand(command);
        await checks[command]?.();
        count += 1;
      }
    }
    expect(count).toBeGreaterThan(25);
    const known = (await blocks()).flatMap(({ lines }) => lines);
    expect(known).toEqual(expect.arrayContaining(Object.keys(checks)));
  });

  it("names no file of the examples that is not there, and leaves none out", async () => {
    const files = await readdir(join(root, "examples/kubernetes"));
    const readme = await readFile(join(root, "examples/kubernetes/README.md"), "utf8");
    const named = [...readme.matchAll(/\]\(([a-z-]+\.yaml)\)/g)].map(([, name]) => name);
    expect(new Set(named)).toEqual(new Set(files.filter((name) => name.endsWith(".yaml"))));
  });
});
