/** The part of a pod that the injector reads; whatever it does not know is kept as it is. */
import * as v from "valibot";

/** Fields that are not read. */
interface Open {
  readonly [field: string]: unknown;
}

/** Labels, annotations, node selectors. */
export type Words = Readonly<Record<string, string>>;

type Maybe<T> = T | null | undefined;

/** Something that has, or refers by, a name. */
interface Named extends Open {
  readonly name?: Maybe<string>;
}

/** One environment variable of a container. */
export interface Variable extends Open {
  readonly name: string;
  readonly value?: Maybe<string>;
  readonly valueFrom?: Maybe<Open>;
}

/** A ConfigMap or Secret whose keys become variables. */
export interface VariableSource extends Open {
  readonly prefix?: Maybe<string>;
  readonly configMapRef?: Maybe<Named>;
  readonly secretRef?: Maybe<Named>;
}

interface Port extends Open {
  readonly containerPort?: Maybe<number>;
  readonly hostPort?: Maybe<number>;
}

/** A container, also one of `initContainers`. */
export interface Container extends Open {
  readonly name: string;
  readonly env?: Maybe<readonly Variable[]>;
  readonly envFrom?: Maybe<readonly VariableSource[]>;
  readonly ports?: Maybe<readonly Port[]>;
}

/** A volume; only its name is read. */
export interface Volume extends Open {
  readonly name: string;
}

/** A pod's `metadata`. */
export interface Metadata extends Open {
  readonly name?: Maybe<string>;
  readonly generateName?: Maybe<string>;
  readonly labels?: Maybe<Words>;
  readonly annotations?: Maybe<Words>;
}

/** A pod's `spec`. */
export interface PodSpec extends Open {
  readonly containers: readonly Container[];
  readonly initContainers?: Maybe<readonly Container[]>;
  readonly volumes?: Maybe<readonly Volume[]>;
  readonly imagePullSecrets?: Maybe<readonly Named[]>;
  readonly hostNetwork?: Maybe<boolean>;
  readonly os?: Maybe<Named>;
  readonly nodeSelector?: Maybe<Words>;
  readonly tolerations?: Maybe<readonly (Open & { readonly key?: Maybe<string> })[]>;
  readonly restartPolicy?: Maybe<string>;
  readonly terminationGracePeriodSeconds?: Maybe<number>;
}

/** A pod, or the template of one. */
export interface Pod extends Open {
  readonly metadata?: Maybe<Metadata>;
  readonly spec: PodSpec;
}

const text = v.nullish(v.string());
const number = v.nullish(v.number());
const words = v.nullish(v.record(v.string(), v.string()));
const named = v.looseObject({ name: text });

const container = v.looseObject({
  name: v.string(),
  env: v.nullish(
    v.array(
      v.looseObject({ name: v.string(), value: text, valueFrom: v.nullish(v.looseObject({})) }),
    ),
  ),
  envFrom: v.nullish(
    v.array(
      v.looseObject({ prefix: text, configMapRef: v.nullish(named), secretRef: v.nullish(named) }),
    ),
  ),
  ports: v.nullish(v.array(v.looseObject({ containerPort: number, hostPort: number }))),
});

const spec = v.looseObject({
  containers: v.array(container),
  initContainers: v.nullish(v.array(container)),
  volumes: v.nullish(v.array(v.looseObject({ name: v.string() }))),
  imagePullSecrets: v.nullish(v.array(named)),
  hostNetwork: v.nullish(v.boolean()),
  os: v.nullish(named),
  nodeSelector: words,
  tolerations: v.nullish(v.array(v.looseObject({ key: text }))),
  restartPolicy: text,
  terminationGracePeriodSeconds: number,
});

const metadata = v.looseObject({
  name: text,
  generateName: text,
  labels: words,
  annotations: words,
});

const schema: v.GenericSchema<Pod> = v.looseObject({ metadata: v.nullish(metadata), spec });

/** The value as a pod, itself and not a copy; in words why it is none. */
export function readPod(
  value: unknown,
): { readonly ok: true; readonly pod: Pod } | { readonly ok: false; readonly problem: string } {
  if (v.is(schema, value)) return { ok: true, pod: value };
  const [issue] = v.safeParse(schema, value).issues ?? [];
  const path = issue === undefined ? null : v.getDotPath(issue);
  return { ok: false, problem: `${path ?? "the pod"} is not what Kubernetes has there` };
}

/** Labels or annotations; none when there are none. */
export function wordsOf(given: Pod, kind: "labels" | "annotations"): Words {
  return given.metadata?.[kind] ?? {};
}

/** Init containers, then containers, as they stand. */
export function allContainers({ spec: given }: Pod): readonly Container[] {
  return [...(given.initContainers ?? []), ...given.containers];
}
