/** What the rig's kubelet reads of a pod, with Kubernetes' defaults. */
import * as v from "valibot";

/** A key of a Secret or ConfigMap. */
export interface KeyReference {
  readonly name: string;
  readonly key: string;
  readonly optional: boolean;
}

/** A variable's place when it has no value of its own. */
export interface ValueSource {
  readonly fieldRef?: { readonly fieldPath: string } | undefined;
  readonly secretKeyRef?: KeyReference | undefined;
  readonly configMapKeyRef?: KeyReference | undefined;
}

interface VariableShape {
  readonly name: string;
  readonly value: string;
  readonly valueFrom?: ValueSource | undefined;
}

interface HookShape {
  readonly exec: { readonly command: readonly string[] };
}

/** A question that is asked over and over, times in seconds. */
export interface ProbeShape {
  readonly httpGet: { readonly path: string; readonly port: string | number };
  readonly periodSeconds: number;
  readonly timeoutSeconds: number;
  readonly failureThreshold: number;
}

/** A container, also one of `initContainers`. */
export interface ContainerShape {
  readonly name: string;
  readonly image: string;
  readonly command?: readonly string[] | undefined;
  readonly args?: readonly string[] | undefined;
  readonly env: readonly VariableShape[];
  readonly ports: readonly { readonly name?: string | undefined; readonly containerPort: number }[];
  readonly restartPolicy?: "Always" | undefined;
  readonly lifecycle: {
    readonly postStart?: HookShape | undefined;
    readonly preStop?: HookShape | undefined;
  };
  readonly startupProbe?: ProbeShape | undefined;
  readonly livenessProbe?: ProbeShape | undefined;
  readonly resources: { readonly limits: { readonly memory?: string | undefined } };
  readonly securityContext: {
    readonly runAsUser?: number | undefined;
    readonly runAsGroup?: number | undefined;
    readonly readOnlyRootFilesystem: boolean;
  };
  readonly volumeMounts: readonly {
    readonly name: string;
    readonly mountPath: string;
    readonly readOnly: boolean;
  }[];
}

/** A volume: of a ConfigMap, else an empty folder. */
export interface VolumeShape {
  readonly name: string;
  readonly configMap?: { readonly name: string; readonly optional: boolean } | undefined;
}

/** A pod. */
export interface PodShape {
  readonly metadata: { readonly name: string; readonly namespace: string };
  readonly spec: {
    readonly initContainers: readonly ContainerShape[];
    readonly containers: readonly ContainerShape[];
    readonly volumes: readonly VolumeShape[];
    readonly restartPolicy: "Always" | "OnFailure" | "Never";
    readonly terminationGracePeriodSeconds: number;
  };
}

const reference = v.object({
  name: v.string(),
  key: v.string(),
  optional: v.optional(v.boolean(), false),
});

const variable = v.object({
  name: v.string(),
  value: v.optional(v.string(), ""),
  valueFrom: v.optional(
    v.object({
      fieldRef: v.optional(v.object({ fieldPath: v.string() })),
      secretKeyRef: v.optional(reference),
      configMapKeyRef: v.optional(reference),
    }),
  ),
});

const hook = v.optional(v.object({ exec: v.object({ command: v.array(v.string()) }) }));

const probe = v.object({
  httpGet: v.object({ path: v.string(), port: v.union([v.string(), v.number()]) }),
  periodSeconds: v.optional(v.number(), 10),
  timeoutSeconds: v.optional(v.number(), 1),
  failureThreshold: v.optional(v.number(), 3),
});

const container = v.object({
  name: v.string(),
  image: v.string(),
  command: v.optional(v.array(v.string())),
  args: v.optional(v.array(v.string())),
  env: v.optional(v.array(variable), []),
  ports: v.optional(
    v.array(v.object({ name: v.optional(v.string()), containerPort: v.number() })),
    [],
  ),
  restartPolicy: v.optional(v.literal("Always")),
  lifecycle: v.optional(v.object({ postStart: hook, preStop: hook }), {}),
  startupProbe: v.optional(probe),
  livenessProbe: v.optional(probe),
  resources: v.optional(
    v.object({ limits: v.optional(v.object({ memory: v.optional(v.string()) }), {}) }),
    { limits: {} },
  ),
  securityContext: v.optional(
    v.object({
      runAsUser: v.optional(v.number()),
      runAsGroup: v.optional(v.number()),
      readOnlyRootFilesystem: v.optional(v.boolean(), false),
    }),
    { readOnlyRootFilesystem: false },
  ),
  volumeMounts: v.optional(
    v.array(
      v.object({
        name: v.string(),
        mountPath: v.string(),
        readOnly: v.optional(v.boolean(), false),
      }),
    ),
    [],
  ),
});

const keyed = v.object({ name: v.string(), optional: v.optional(v.boolean(), false) });

const volume = v.object({
  name: v.string(),
  configMap: v.optional(keyed),
});

const pod = v.object({
  metadata: v.object({ name: v.string(), namespace: v.optional(v.string(), "default") }),
  spec: v.object({
    initContainers: v.optional(v.array(container), []),
    containers: v.array(container),
    volumes: v.optional(v.array(volume), []),
    restartPolicy: v.optional(v.picklist(["Always", "OnFailure", "Never"]), "Always"),
    terminationGracePeriodSeconds: v.optional(v.number(), 30),
  }),
});

/** Reads a pod; throws where it has not the form. */
export function podShape(given: unknown): PodShape {
  return v.parse(pod, given);
}
