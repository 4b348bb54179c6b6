/** The chart as an artefact: rendered the same every time, valid by every schema, admissible where nothing privileged is. */
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { parseAllDocuments } from "yaml";
import { startCluster, type Cluster } from "./support/cluster.ts";
import { chart } from "./support/installed.ts";
import { ran } from "./support/process.ts";
import { toolPath } from "./support/tools.ts";

let cluster: Cluster;

/** Everything that can be switched on at once. */
const everything = [
  "injector.autoscaling.enabled=true",
  "injector.networkPolicy.enabled=true",
  "monitoring.serviceMonitor.enabled=true",
  "monitoring.podMonitor.enabled=true",
  "monitoring.prometheusRule.enabled=true",
  "monitoring.dashboard.enabled=true",
  "policy.cluster.a\\.yaml=mode: observe",
  "imagePullSecrets[0]=registry",
  "gateway.enabled=true",
  "gateway.callers.shop=0000",
  "gateway.policy.a\\.yaml=mode: observe",
  "gateway.caConfigMap=authorities",
  "gateway.autoscaling.enabled=true",
  "gateway.networkPolicy.enabled=true",
].flatMap((value) => ["--set", value]);

const sources = [
  [],
  [
    "--set",
    "injector.certificate.source=cert-manager",
    "--set",
    "injector.certificate.issuer.name=ours",
  ],
  ["--set", "injector.certificate.source=secret", "--set", "injector.certificate.caBundle=PEM"],
];

beforeAll(async () => {
  cluster = await startCluster();
});
afterAll(() => cluster.close());

async function rendered(flags: readonly string[], version = "1.31.4"): Promise<string> {
  const args = ["template", "r", chart, "-n", "sidestep", "--kube-version", version, ...flags];
  const { code, out, err } = await cluster.helm(args);
  if (code !== 0) throw new Error(err);
  return out;
}

function objectsIn(text: string): readonly Rendered[] {
  return parseAllDocuments(text).flatMap((each) => (each.contents === null ? [] : [each.toJS()]));
}

describe("the chart", () => {
  it("passes helm lint", async () => {
    const { code, out } = await cluster.helm(["lint", "--strict", chart]);
    expect(out).toContain("0 chart(s) failed");
    expect(code).toBe(0);
  });

  it.each(sources)("renders the same bytes twice (pain 6)", async (...flags) => {
    const text = await rendered([...everything, ...flags]);
    expect(await rendered([...everything, ...flags])).toBe(text);
    expect(text).not.toContain("PRIVATE KEY");
  });

  it("renders for Kubernetes 1.29 and every later one, and refuses older ones", async () => {
    for (const minor of [29, 30, 31, 32, 33, 34, 35, 36]) {
      expect(await rendered(everything, `1.${minor}.0`)).toContain("MutatingWebhookConfiguration");
    }
    await expect(rendered([], "1.28.9")).rejects.toThrow("1.28.9");
  });

  it.each([
    ["injector.repliccas=3", "repliccas"],
    ["sidecar.resources.cpu=1", "cpu"],
    ["injector.timeoutSeconds=10", "timeoutSeconds"],
    ["injector.failurePolicy=Maybe", "failurePolicy"],
    ["gateway.callerz.shop=0000", "callerz"],
    ["gateway.enabled=true", "lets nobody in without keys"],
    ["gateway.enabled=true,gateway.callers.a=0,gateway.callersSecret=b", "both say who may call"],
  ])("refuses %s", async (value, named) => {
    await expect(rendered(["--set", value])).rejects.toThrow(named);
  });

  it("listens where a private cluster's firewall lets the API server through, and says so (pain 10)", async () => {
    const flags = ["--set", "injector.port=10250"];
    const all = objectsIn(await rendered(flags));
    const deployment = JSON.stringify(all.find(({ kind }) => kind === "Deployment"));
    expect(deployment).toContain('"--listen=:10250"');
    expect(deployment).toContain('{"name":"webhook","containerPort":10250,"protocol":"TCP"}');
    const notes = await cluster.helm(["install", "r", chart, "--dry-run=client", ...flags]);
    expect(notes.out).toContain("the API server has to reach port 10250 of the injector's pods");
  });

  it("keeps null a word for nothing", async () => {
    const text = await rendered(["--set", "sidecar.resources.memoryLimit=null"]);
    expect(text).toContain("memoryLimit: null");
  });

  it("is valid by the API's own schemas (kubeconform, strict)", async () => {
    const folder = await schemaFolder();
    const location = join(folder, "{{.ResourceKind}}-{{.ResourceAPIVersion}}.json");
    const ours = ["-skip", "ServiceMonitor,PodMonitor,PrometheusRule,Certificate"];
    const args = ["-strict", "-summary", "-schema-location", location, ...ours];
    for (const flags of sources) {
      const input = await rendered([...everything, ...flags]);
      const { code, out } = await ran(toolPath("kubeconform"), args, { input });
      expect(out).toContain("Invalid: 0, Errors: 0");
      expect(out).not.toContain("Valid: 0");
      expect(code).toBe(0);
    }
  });

  it("has no pod that PodSecurity restricted refuses (pain 18), and none that it would inject itself (pain 2)", async () => {
    const labels = { "pod-security.kubernetes.io/enforce": "restricted" };
    const namespace = { apiVersion: "v1", kind: "Namespace", metadata: { name: "strict", labels } };
    await cluster.call("POST", "/api/v1/namespaces", namespace);
    const pods = objectsIn(await rendered(everything)).flatMap(podIn);
    expect(pods).toHaveLength(3);
    for (const pod of pods) {
      const { status, body } = await cluster.call(
        "POST",
        "/api/v1/namespaces/strict/pods?dryRun=All",
        pod,
      );
      expect(body).toMatchObject({ metadata: { labels: { "sidestep.dev/inject": "disabled" } } });
      expect(status).toBe(201);
    }
  });

  it("stands as plain manifests in examples/kubernetes/install.yaml, too", async () => {
    const flags = ["template", "sidestep", chart, "--namespace", "sidestep", "--no-hooks"];
    const { out } = await cluster.helm(flags);
    const head = [
      "# What `helm template sidestep charts/sidestep --namespace sidestep --no-hooks` prints, and the namespace.",
      "apiVersion: v1",
      "kind: Namespace",
      "metadata: { name: sidestep }",
      "",
    ].join("\n");
    const file = join(chart, "../../examples/kubernetes/install.yaml");
    await expect(head + out).toMatchFileSnapshot(file);
    const { code, err } = await cluster.kubectl(["apply", "-f", "-"], head + out);
    expect(err).toBe("");
    expect(code).toBe(0);
  });

  it("stands as a plain gateway in examples/kubernetes/gateway.yaml, too", async () => {
    const examples = join(chart, "../../examples/kubernetes");
    const flags = ["template", "sidestep", chart, "--namespace", "sidestep", "--no-hooks"];
    const only = ["--show-only", "templates/gateway.yaml"];
    const values = ["--values", join(examples, "gateway-values.yaml")];
    const { out } = await cluster.helm([...flags, ...only, ...values]);
    const head =
      "# What the chart renders of its gateway with gateway-values.yaml; the namespace comes with install.yaml.\n";
    await expect(head + out).toMatchFileSnapshot(join(examples, "gateway.yaml"));
    const { code, err } = await cluster.kubectl(["apply", "-f", "-"], head + out);
    expect({ code, err }).toEqual({ code: 0, err: "" });
  });

  it("asks for no right that it has no use for", async () => {
    const rules = objectsIn(await rendered(everything))
      .filter(({ kind }) => kind === "ClusterRole" || kind === "Role")
      .flatMap((role) => role.rules ?? []);
    const text = JSON.stringify(rules);
    expect(text).not.toContain("*");
    const secrets = rules.filter((rule) => JSON.stringify(rule).includes("secrets"));
    expect(secrets.map(({ verbs, resourceNames }) => [verbs, resourceNames])).toEqual([
      [["get", "update"], ["r-sidestep-injector-certificate"]],
      [["create"], undefined],
    ]);
  });
});

interface Rendered {
  readonly kind: string;
  readonly metadata: object;
  readonly rules?: readonly { readonly verbs: unknown; readonly resourceNames?: unknown }[];
  readonly spec?: { readonly template?: { readonly metadata: object } };
}

/** A Deployment's pod, or a pod. */
function podIn(object: Rendered): readonly object[] {
  if (object.kind === "Pod")
    return [{ ...object, metadata: { ...object.metadata, namespace: "strict" } }];
  const template = object.spec?.template;
  if (object.kind !== "Deployment" || template === undefined) return [];
  const metadata = { ...template.metadata, name: "of-deployment" };
  return [{ ...template, apiVersion: "v1", kind: "Pod", metadata }];
}

/** The API's OpenAPI document as kubeconform wants it: a schema for each kind. */
async function schemaFolder(): Promise<string> {
  const { text } = await cluster.call("GET", "/openapi/v2");
  const { definitions }: { definitions: Record<string, Record<string, unknown>> } =
    JSON.parse(text);
  const folder = join(cluster.folder, "schemas");
  await mkdir(folder, { recursive: true });
  // Numbers may stand where these say that they are texts.
  for (const free of ["util.intstr.IntOrString", "api.resource.Quantity"]) {
    definitions[`io.k8s.apimachinery.pkg.${free}`] = {};
  }
  for (const definition of Object.values(definitions)) {
    // Unknown keys are to be refused.
    if (definition["properties"] !== undefined) definition["additionalProperties"] = false;
  }
  for (const [name, definition] of Object.entries(definitions)) {
    const kinds = definition["x-kubernetes-group-version-kind"];
    if (!Array.isArray(kinds) || kinds.length !== 1) continue;
    const [{ kind, version }] = kinds;
    const schema = { $ref: `#/definitions/${name}`, definitions };
    await writeFile(
      join(folder, `${String(kind).toLowerCase()}-${version}.json`),
      JSON.stringify(schema),
    );
  }
  return folder;
}
