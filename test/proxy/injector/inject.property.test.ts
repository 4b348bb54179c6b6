/** What holds for every pod: the patch is complete, done once, taken back whole, and touches nothing else. */
import fc from "fast-check";
import { applyPatch, type Operation } from "rfc6902";
import { describe, expect, it } from "vitest";
import { inject, type Injection } from "../../../proxy/injector/inject.ts";
import type { Container, Pod, PodSpec } from "../../../proxy/injector/pod.ts";
import { uninject } from "../../../proxy/injector/uninject.ts";
import { currentCluster, injectorSettings } from "../../support/injector.ts";

const names = (
  "OPENAI_BASE_URL OPENAI_API_BASE ANTHROPIC_BASE_URL OPENAI_API_KEY ANTHROPIC_API_KEY " +
  "AZURE_OPENAI_ENDPOINT HTTPS_PROXY http_proxy NO_PROXY no_proxy ALL_PROXY LOG_LEVEL"
).split(" ");
const values = (
  " https://api.openai.com/v1 https://api.groq.com/openai/v1 http://litellm:4000 .svc * sk-1 " +
  "http://127.0.0.1:4000/v1 http://localhost:9/v1 $(LOG_LEVEL)/v1 http://proxy:3128 socks5://proxy:1"
).split(" ");
const variable = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.record({ name: fc.constantFrom(...names), value: fc.constantFrom(...values) }),
  },
  fc.record({
    name: fc.constantFrom(...names),
    valueFrom: fc.constantFrom(
      { secretKeyRef: { name: "llm", key: "one" } },
      { configMapKeyRef: { name: "llm", key: "two" } },
      { resourceFieldRef: { resource: "limits.cpu" } },
    ),
  }),
);
const containerWith = (name: string): fc.Arbitrary<Container> =>
  fc.record(
    {
      name: fc.constant(name),
      image: fc.constant("image"),
      env: fc.array(variable, { minLength: 1, maxLength: 6 }),
      envFrom: fc.constantFrom([{ secretRef: { name: "some" } }]),
      ports: fc.array(fc.record({ containerPort: fc.integer({ min: 3995, max: 4030 }) }), {
        minLength: 1,
        maxLength: 4,
      }),
    },
    { requiredKeys: ["name", "image"] },
  );
const containers = (pool: readonly string[], minLength: number) =>
  fc
    .uniqueArray(fc.constantFrom(...pool), { minLength, maxLength: 4 })
    .chain((chosen) => fc.tuple(...chosen.map(containerWith)));
const annotations = fc.record(
  {
    "sidestep.dev/key": fc.constantFrom("app", "secret"),
    "sidestep.dev/env-from": fc.constantFrom("check", "ignore"),
    "sidestep.dev/providers": fc.constantFrom("openai", "anthropic", "openai,anthropic"),
    "sidestep.dev/memory-limit": fc.constantFrom("300Mi", "1Gi"),
    "sidestep.dev/key-from": fc.constant("openai=llm/openai"),
    "sidestep.dev/redirect": fc.constantFrom("llm.models:8000", "a-b, a.b"),
    "kubectl.kubernetes.io/default-container": fc.constant("app"),
    other: fc.constant("x"),
  },
  { requiredKeys: [] },
);
const spec = fc.record(
  {
    containers: containers(["app", "web", "worker", "istio-proxy", "log"], 1),
    initContainers: containers(["migrate", "istio-init", "setup", "linkerd-init"], 1),
    volumes: fc.constant([{ name: "data", emptyDir: {} }]),
    terminationGracePeriodSeconds: fc.constantFrom(0, 30, 90),
    restartPolicy: fc.constantFrom("Always", "Never"),
    imagePullSecrets: fc.constantFrom([{ name: "pull" }], [{ name: "own" }]),
  },
  { requiredKeys: ["containers"] },
);
const pod: fc.Arbitrary<Pod> = fc
  .tuple(spec, fc.option(annotations))
  .map(([given, own]) =>
    own === null || Object.keys(own).length === 0
      ? { spec: given }
      : { metadata: { annotations: own }, spec: given },
  );
const settings = fc.constantFrom(
  injectorSettings({
    clusterPolicy: "c",
    namespacePolicy: "n",
    caConfigMap: "ca",
    redirectImage: "nft",
  }),
  injectorSettings({ native: "never", pullSecrets: ["pull"], stateSize: null, uid: null }),
  injectorSettings({ httpsProxy: "http://proxy:1", noProxy: ".svc", knownHosts: ["litellm:4000"] }),
);

function injectedPod(given: Pod, by: Parameters<typeof inject>[1]): Injection {
  return inject({ pod: given, namespaceLabels: null, isAsked: true }, by, currentCluster);
}

function sidecarPath({ initContainers, containers: own }: PodSpec): string {
  const at = (initContainers ?? []).findIndex(({ name }) => name === "sidestep");
  if (at !== -1) return `/spec/initContainers/${at}`;
  return `/spec/containers/${own.findIndex(({ name }) => name === "sidestep")}`;
}

function variablesOf(given: Pod): readonly string[] {
  return [...(given.spec.initContainers ?? []), ...given.spec.containers]
    .filter(({ name }) => name !== "sidestep" && name !== "sidestep-redirect")
    .map((container) => JSON.stringify({ ...container, env: null }));
}

describe("for every pod", () => {
  it("the patch leads from the pod to the patched pod, and the pod itself stays as it was", () => {
    fc.assert(
      fc.property(pod, settings, (given, by) => {
        const before = structuredClone(given);
        const { patch, pod: after } = injectedPod(given, by);
        expect(given).toEqual(before);
        // As they go over the wire: neither two variables nor two operations share an object there.
        const patched: unknown = JSON.parse(JSON.stringify(given));
        const sent: Operation[] = JSON.parse(JSON.stringify(patch));
        expect(applyPatch(patched, sent).filter((error) => error !== null)).toEqual([]);
        expect(patched).toEqual(after);
      }),
    );
  });

  it("a second patch is empty, also after the way through the API server", () => {
    fc.assert(
      fc.property(pod, settings, (given, by) => {
        const { pod: after } = injectedPod(given, by);
        const received = structuredClone(after);
        expect(injectedPod(received, by).patch).toEqual([]);
      }),
    );
  });

  it("what was put in is taken out again without a trace", () => {
    fc.assert(
      fc.property(pod, settings, (given, by) => {
        const injection = injectedPod(given, by);
        if (injection.kind === "skipped") return;
        const back = uninject(injection.pod)?.pod;
        expect(back).toEqual(given);
      }),
    );
  });

  it("nothing of a container changes but its environment, and containers keep their order", () => {
    fc.assert(
      fc.property(pod, settings, (given, by) => {
        expect(variablesOf(injectedPod(given, by).pod)).toEqual(variablesOf(given));
      }),
    );
  });

  it("a container that another injector adds is led too, and nothing else changes", () => {
    fc.assert(
      fc.property(pod, settings, (given, by) => {
        const first = injectedPod(given, by);
        if (first.kind === "skipped") return;
        const added = { name: "added", image: "image", env: [{ name: "A", value: "1" }] };
        const { spec: once } = first.pod;
        const met = { ...first.pod, spec: { ...once, containers: [...once.containers, added] } };
        const second = injectedPod(met, by);
        const paths = second.patch.map(({ path }) => path);
        const at = once.containers.length;
        // The sidecar may need a key or a provider more.
        const isKnown = (path: string): boolean =>
          path.startsWith(`/spec/containers/${at}/env/`) ||
          path.startsWith(`${sidecarPath(once)}/env/`) ||
          path === "/metadata/annotations/sidestep.dev~1status";
        expect(paths.filter((path) => !isKnown(path))).toEqual([]);
        const led = second.pod.spec.containers.at(-1)?.env?.map(({ name }) => name);
        const providers = given.metadata?.annotations?.["sidestep.dev/providers"] ?? "openai";
        if (providers.startsWith("openai")) expect(led).toContain("OPENAI_BASE_URL");
        else expect(led).toContain("ANTHROPIC_BASE_URL");
      }),
    );
  });
});
