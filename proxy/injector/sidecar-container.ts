/** Builds the sidecar's container and its volumes: no privilege, probes that wait for no model, a heap that fits its limit. */
import type { Wishes } from "./annotations.ts";
import type { Container, Variable, Volume } from "./pod.ts";
import type { Ports } from "./ports.ts";
import { amountOf } from "./quantity.ts";
import type { Settings } from "./settings.ts";

/** The container's name. */
export const SIDECAR = "sidestep";

/** Volumes that belong to the sidecar begin with this. */
export const VOLUME_PREFIX = "sidestep-";

/** What the container is made of. */
export interface SidecarParts {
  readonly wishes: Wishes;
  readonly settings: Settings;
  readonly ports: Ports;
  readonly isNative: boolean;
  /** The pod's grace period, in seconds. */
  readonly graceSeconds: number;
  /** Providers, keys and HTTP proxy. */
  readonly variables: readonly Variable[];
}

const POLICIES = "/etc/sidestep/policy";
const STATE = "/var/lib/sidestep";
const AUTHORITIES = "/etc/sidestep/ca";
const TOKEN = "/var/run/secrets/kubernetes.io/serviceaccount";

/** Left of the pod's grace period when the sidecar stops waiting, in seconds. */
const GRACE_MARGIN = 5;

interface Mount {
  readonly volume: Volume;
  readonly path: string;
  readonly isReadOnly: boolean;
}

/** The sidecar's volumes; a ConfigMap that is not there keeps no pod from starting. */
export function sidecarVolumes(parts: SidecarParts): readonly Volume[] {
  return mountsOf(parts).map(({ volume }) => volume);
}

/** The sidecar's container. */
export function sidecarContainer(parts: SidecarParts): Container {
  const { wishes, settings, ports, isNative } = parts;
  return {
    name: SIDECAR,
    image: wishes.image,
    ...(settings.pullPolicy === null ? {} : { imagePullPolicy: settings.pullPolicy }),
    args: ["run"],
    ...(isNative ? { restartPolicy: "Always" } : { lifecycle: ordering(ports) }),
    env: [...ownVariables(parts), ...parts.variables, ...settings.env],
    ports: [{ name: "sidestep-health", containerPort: ports.health, protocol: "TCP" }],
    startupProbe: probe({ periodSeconds: 1, failureThreshold: 120 }),
    livenessProbe: probe({ periodSeconds: 10, failureThreshold: 6 }),
    resources: resourcesOf(wishes),
    securityContext: securityContextOf(settings),
    volumeMounts: mountsOf(parts).map(({ volume, path, isReadOnly }) => ({
      name: volume.name,
      mountPath: path,
      ...(isReadOnly ? { readOnly: true } : {}),
    })),
  };
}

/** Live as soon as calls are forwarded: neither the model nor a provider can hold the application up. */
function probe(timing: Readonly<Record<string, number>>): object {
  return { httpGet: { path: "/livez", port: "sidestep-health" }, timeoutSeconds: 5, ...timing };
}

/** An ordinary container holds those after it until it serves, and stops after them. */
function ordering(ports: Ports): object {
  const url = `http://127.0.0.1:${ports.health}/livez`;
  return {
    postStart: { exec: { command: ["sidestep", "wait", "--ready", url, "--limit", "60s"] } },
    preStop: { exec: { command: ["sidestep", "wait", "--limit", "10s"] } },
  };
}

function ownVariables(parts: SidecarParts): readonly Variable[] {
  const { wishes, settings, ports, graceSeconds } = parts;
  const graceLeft = Math.max(1, graceSeconds - GRACE_MARGIN);
  const values: readonly (readonly [string, string | null])[] = [
    ["SIDESTEP_LISTEN", ports.data === 4000 ? null : String(ports.data)],
    ["SIDESTEP_ADMIN", `127.0.0.1:${ports.admin}`],
    ["SIDESTEP_HEALTH", `:${ports.health}`],
    [
      "SIDESTEP_POLICY",
      policiesOf(parts)
        .map(({ path }) => path)
        .join(",") || null,
    ],
    ["SIDESTEP_GRACE", `${graceLeft}s`],
    // A native sidecar is stopped when the application is gone.
    ["SIDESTEP_QUIET", parts.isNative ? "0s" : null],
    ["SIDESTEP_STATE", settings.stateSize === null ? "off" : STATE],
    ["SIDESTEP_CA_FILE", settings.caConfigMap === null ? null : `${AUTHORITIES}/ca.crt`],
    ["SIDESTEP_START_ANYWAY", "true"],
    ["SIDESTEP_LOG_LEVEL", wishes.logLevel],
    ["NODE_OPTIONS", heapOption(wishes.resources.memoryLimit)],
  ];
  const plain = values.flatMap(([name, value]) => (value === null ? [] : [{ name, value }]));
  return [...plain, ...podVariables()];
}

/** Spans and metrics say which pod they are of. */
function podVariables(): readonly Variable[] {
  return [
    fieldVariable("SIDESTEP_POD_NAME", "metadata.name"),
    fieldVariable("SIDESTEP_POD_NAMESPACE", "metadata.namespace"),
    {
      name: "OTEL_RESOURCE_ATTRIBUTES",
      value: "k8s.pod.name=$(SIDESTEP_POD_NAME),k8s.namespace.name=$(SIDESTEP_POD_NAMESPACE)",
    },
  ];
}

function fieldVariable(name: string, fieldPath: string): Variable {
  return { name, valueFrom: { fieldRef: { apiVersion: "v1", fieldPath } } };
}

/** Node takes its heap's bound from the machine, not from the container's limit. */
function heapOption(memoryLimit: string | null): string | null {
  const bytes = memoryLimit === null ? null : amountOf(memoryLimit);
  if (bytes === null) return null;
  return `--max-old-space-size=${Math.max(64, Math.floor(bytes / 2 ** 21))}`;
}

function resourcesOf({ resources }: Wishes): object {
  const { cpuRequest, memoryRequest, cpuLimit, memoryLimit } = resources;
  const limits = {
    ...(cpuLimit === null ? {} : { cpu: cpuLimit }),
    ...(memoryLimit === null ? {} : { memory: memoryLimit }),
  };
  return {
    requests: { cpu: cpuRequest, memory: memoryRequest },
    ...(Object.keys(limits).length === 0 ? {} : { limits }),
  };
}

function securityContextOf({ uid }: Settings): object {
  return {
    allowPrivilegeEscalation: false,
    capabilities: { drop: ["ALL"] },
    readOnlyRootFilesystem: true,
    runAsNonRoot: true,
    ...(uid === null ? {} : { runAsUser: uid, runAsGroup: uid }),
    seccompProfile: { type: "RuntimeDefault" },
  };
}

function mountsOf(parts: SidecarParts): readonly Mount[] {
  const { stateSize, caConfigMap } = parts.settings;
  const state = { emptyDir: { sizeLimit: stateSize } };
  return [
    ...policiesOf(parts),
    ...(caConfigMap === null ? [] : [configMapMount("ca", caConfigMap, AUTHORITIES)]),
    ...(stateSize === null ? [] : [mount("state", state, STATE, false)]),
    // Something stands where Kubernetes would mount the service account's token otherwise.
    mount("no-token", { emptyDir: { sizeLimit: "1Mi" } }, TOKEN, true),
  ];
}

/** Outermost first. */
function policiesOf({ wishes, settings }: SidecarParts): readonly Mount[] {
  const levels = [
    ["cluster", settings.clusterPolicy],
    ["namespace", settings.namespacePolicy],
    ["pod", wishes.policy],
  ] as const;
  return levels.flatMap(([level, name]) =>
    name === null ? [] : [configMapMount(`policy-${level}`, name, `${POLICIES}/${level}`)],
  );
}

function configMapMount(stem: string, name: string, path: string): Mount {
  return mount(stem, { configMap: { name, optional: true } }, path, true);
}

function mount(stem: string, source: object, path: string, isReadOnly: boolean): Mount {
  return { volume: { name: `${VOLUME_PREFIX}${stem}`, ...source }, path, isReadOnly };
}
