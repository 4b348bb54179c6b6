/** What the tests of pods stand on: the image, a simulated cloud outside of the pods, and pods that the injector has patched. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import {
  createSimulatedCloud,
  type SimulatedCloud,
} from "../../../examples/simulated-cloud/cloud.ts";
import { inject } from "../../../proxy/injector/inject.ts";
import type { Container, Pod } from "../../../proxy/injector/pod.ts";
import { openImage, type Image } from "../../image/support/image.ts";
import { injectorSettings } from "../../support/injector.ts";
import { eventually } from "../../support/sidecar.ts";
import { RunningPod } from "./kubelet.ts";
import { openOutside, outside } from "./network.ts";
import type { NodeObjects, Values } from "./node-objects.ts";

const code = readFileSync(join(import.meta.dirname, "../app/caller.ts"), "utf8");

/** Names of images in manifests. */
const sidecarImage = "sidestep:test";
const appImage = "app:test";

/** A pod's text, and what is around it. */
export interface Given {
  readonly pod: Pod;
  /** The namespace's policy; where its calls go is added. */
  readonly policy?: string;
  readonly secrets?: NodeObjects["secrets"];
  /** The cluster's minor version; 27 knows no native sidecars. */
  readonly minor?: number;
  readonly settings?: Readonly<Record<string, unknown>>;
}

/** The rig. */
export interface Rig {
  readonly cloud: SimulatedCloud;
  /** How fast the cloud's replies come, in tokens a second; 0 is without delay. */
  setPace(tokensPerSecond: number): void;
  /** The ConfigMap of a policy. */
  policy(text: string): Values;
  /** Injects a pod and starts it; resolves when its last container has started. */
  run(given: Given): Promise<RunningPod>;
  /** The same without waiting, for pods that do not come up at once. */
  begin(given: Given): Promise<{ readonly pod: RunningPod; readonly up: Promise<void> }>;
  /** Deletes what is left of the pods. */
  clear(): Promise<void>;
  close(): Promise<void>;
}

/** Opens it; the image is the one that was built. */
export async function openRig(): Promise<Rig> {
  openOutside();
  const cloud = await createSimulatedCloud({ host: outside, ttftMs: 1, tokensPerSecond: 0 });
  const image = openImage("full");
  const pods: RunningPod[] = [];
  const policy = (text: string): Values => ({
    "policy.yaml": `version: 1\nproviders: { openai: { url: "${cloud.url}/v1" } }\n${text}`,
  });
  const begin: Rig["begin"] = async (given) => {
    const configMaps = {
      sidestep: policy(given.policy ?? forwarding),
      code: { "caller.ts": code },
    };
    const objects = { configMaps, secrets: given.secrets ?? {} };
    const pod = await RunningPod.on({ ...objects, images: imagesOf(image) }, patched(given));
    pods.push(pod);
    return { pod, up: pod.run() };
  };
  return {
    cloud,
    setPace: (tokensPerSecond) => {
      cloud.state.settings = { ...cloud.state.settings, tokensPerSecond };
    },
    policy,
    begin,
    run: async (given) => {
      const { pod, up } = await begin(given);
      await up;
      return pod;
    },
    clear: async () => {
      for (const pod of pods.splice(0)) await pod.kill();
    },
    close: () => cloud.close(),
  };
}

function imagesOf(image: Image): Readonly<Record<string, Image>> {
  return { [sidecarImage]: image, [appImage]: image };
}

const forwarding = `mode: enforce
model: null
routes:
  - name: rest
    forward: {}
`;

function patched({ pod, minor = 31, settings = {} }: Given): Pod {
  const subject = { pod, namespaceLabels: null, isAsked: true };
  const wanted = injectorSettings({
    image: sidecarImage,
    namespacePolicy: "sidestep",
    ...settings,
  });
  const done = inject(subject, wanted, { minor, version: "test", seen: () => null });
  if (done.kind === "skipped") throw new Error(`the pod was skipped: ${done.reason}`);
  return done.pod;
}

/** A container of the application that does this. */
export function caller(name: string, task: readonly string[], more: object = {}): Container {
  return {
    name,
    image: appImage,
    command: ["/app/bin/node", "/code/caller.ts", ...task],
    volumeMounts: [{ name: "code", mountPath: "/code", readOnly: true }],
    ...more,
  };
}

/** A pod with these containers. */
export function podOf(spec: Partial<Pod["spec"]>, annotations: Values = {}): Pod {
  return {
    metadata: { name: "shop", namespace: "default", annotations },
    spec: {
      containers: [caller("app", ["stay"])],
      volumes: [{ name: "code", configMap: { name: "code" } }],
      ...spec,
    },
  };
}

/** What an application's container has told so far. */
export function told(pod: RunningPod, name = "app"): readonly Readonly<Record<string, unknown>>[] {
  return pod
    .container(name)
    .out.split("\n")
    .filter((line) => line.endsWith("}"))
    .map((line): Record<string, unknown> => JSON.parse(line));
}

/** Resolves when it has told of this many events of a kind. */
export async function hasTold(
  pod: RunningPod,
  event: string,
  { count = 1, name = "app" }: { readonly count?: number; readonly name?: string } = {},
): Promise<void> {
  await eventually(() =>
    told(pod, name).filter((each) => each["event"] === event).length >= count ? true : null,
  );
}
