/** Pods as an injector two versions older left them: recognised, left as they are, and taken back. */
import { readdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { describe, expect, it } from "vitest";
import { inject } from "../../../proxy/injector/inject.ts";
import {
  injectManifest,
  uninjectManifest,
  type Patched,
} from "../../../proxy/injector/manifest.ts";
import { readManifest } from "../../../proxy/injector/manifest-text.ts";
import { allContainers, readPod, type Pod } from "../../../proxy/injector/pod.ts";
import { placesIn, valueAt } from "../../../proxy/injector/workload.ts";
import { answerReview } from "../../../proxy/webhook/admission.ts";
import { injectorSettings } from "../../support/injector.ts";

const fixtures = resolve(import.meta.dirname, "../../fixtures/inject");
/** Never made anew: these are what is out there, whatever a present injector would make. */
const older = join(fixtures, "older/0.1.0");
const names = readdirSync(older);
/** Of an injector two versions on. */
const facts = { minor: 31, version: "0.3.0", seen: () => null };

/** Everything that a later version might have set otherwise. */
const changed = injectorSettings({
  image: "sidestep:0.3.0",
  port: 5000,
  caConfigMap: "authorities",
  pullSecrets: ["registry"],
  httpsProxy: "http://proxy:3128",
  providers: ["anthropic"],
  resources: { cpuRequest: "200m" },
  env: [{ name: "SIDESTEP_NEW", value: "1" }],
});

function textOf(folder: string, name: string): string {
  return readFileSync(join(folder, name), "utf8");
}

function valuesOf(patched: Patched | string): readonly unknown[] {
  const text = typeof patched === "string" ? patched : patched.ok ? patched.text : patched.problem;
  const manifest = readManifest(text);
  return manifest.ok ? manifest.documents.map(({ value }) => value) : [manifest.problem];
}

const pods = names.flatMap((name) =>
  valuesOf(textOf(older, name)).flatMap((value) =>
    placesIn(value).map(({ path, name: workload }) => {
      const read = readPod(valueAt(value, path));
      if (!read.ok) throw new Error(read.problem);
      return { name: `${name} ${workload}`, pod: read.pod };
    }),
  ),
);

async function patchFor(pod: Pod): Promise<unknown> {
  const request = { uid: "u1", namespace: "shop", dryRun: false, object: pod };
  const review = { apiVersion: "admission.k8s.io/v1", kind: "AdmissionReview", request };
  const reply = await answerReview(JSON.stringify(review), "inject", {
    settings: () => changed,
    facts: () => facts,
    onInjection: () => undefined,
    reviewPolicy: async () => ({ problems: [], warnings: [] }),
    onFault: (fault) => {
      throw fault;
    },
  });
  return reply === null ? null : Reflect.get(reply, "response");
}

describe("pain 20: an older version's pod", () => {
  it.each(pods)("is admitted as it is, with its one sidecar: $name", async ({ pod }) => {
    expect(await patchFor(pod)).toEqual({ uid: "u1", allowed: true });
    const sidecars = allContainers(pod).filter(({ name }) => name === "sidestep");
    expect(sidecars).toHaveLength(1);
  });

  it.each(pods)("stays as it is when words in it mean nothing any more: $name", ({ pod }) => {
    const annotations = { ...pod.metadata?.annotations, "sidestep.dev/gone-since": "yes" };
    const given = { ...pod, metadata: { ...pod.metadata, annotations } };
    const subject = { pod: given, namespaceLabels: null, isAsked: true };
    expect(inject(subject, changed, facts).patch).toEqual([]);
  });

  it.each(names)(
    "is left by sidestep inject, which says how to bring it up to date: %s",
    (name) => {
      const text = textOf(older, name);
      const patched = injectManifest(text, changed, facts);
      expect(patched.ok && patched.text).toBe(text);
      const told = patched.ok ? patched.told.map(({ sentence }) => sentence) : [];
      expect(new Set(told)).toEqual(
        new Set([
          "Version 0.1.0 patched it, and it stays so; `sidestep uninject` first takes that out.",
        ]),
      );
    },
  );

  it.each(names)("is taken back to what it was: %s", (name) => {
    const back = uninjectManifest(textOf(older, name));
    expect(valuesOf(back)).toEqual(valuesOf(textOf(fixtures, name)));
  });
});

describe("pain 20: a status that is not of this version's form", () => {
  const none: Pod = { spec: { containers: [] } };
  const { pod } = pods[0] ?? { pod: none };

  function withStatus(status: object, spec = pod.spec): Pod {
    const annotations = { "sidestep.dev/status": JSON.stringify(status) };
    return { spec, metadata: { annotations } };
  }

  it.each([
    ["older, with less in it", { version: "0.0.9", sidecar: "native" }],
    ["newer, with more in it", { version: "0.5.0", sidecar: "of-the-node", shares: [1] }],
  ])("is recognised all the same: %s", (_, status) => {
    const subject = { pod: withStatus(status), namespaceLabels: null, isAsked: true };
    expect(inject(subject, changed, facts)).toMatchObject({ kind: "injected", patch: [] });
  });

  it("is no patch where there is no sidecar, as in a template that was made from a running pod", () => {
    const bare = { containers: [{ name: "app", image: "app:1" }] };
    const copied = JSON.parse(pod.metadata?.annotations?.["sidestep.dev/status"] ?? "{}");
    const subject = { pod: withStatus(copied, bare), namespaceLabels: null, isAsked: true };
    const { pod: after } = inject(subject, changed, facts);
    expect(allContainers(after).map(({ name }) => name)).toEqual(["sidestep", "app"]);
    expect(after.metadata?.annotations?.["sidestep.dev/status"]).toContain('"version":"0.3.0"');
  });
});
