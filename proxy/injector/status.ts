/** The status annotation: what the injector did to a pod, so that it can be taken back, topped up and read. */
import * as v from "valibot";
import { STATUS } from "./annotations.ts";
import { allContainers, wordsOf, type Pod, type Variable } from "./pod.ts";
import { SIDECAR } from "./sidecar-container.ts";

/** The environment variables of a container before they were set: null for those that were not there. */
export type Before = Readonly<Record<string, Variable | null>>;

/** What was done to a pod. */
export interface Status {
  readonly version: string;
  readonly sidecar: "native" | "container";
  /** The data port. */
  readonly port: number;
  readonly containers: Readonly<Record<string, Before>>;
  /** What was left alone: container -> what about it -> reason. */
  readonly left: Readonly<Record<string, Readonly<Record<string, string>>>>;
  /** The grace period before it was raised; null when it was left, 0 when there was none. */
  readonly grace: number | null;
  /** Whether the annotation for `kubectl exec` was added. */
  readonly default: boolean;
  /** Pull secrets that were added. */
  readonly pull: readonly string[];
}

const variable = v.looseObject({ name: v.string() });
const schema: v.GenericSchema<unknown, Status> = v.object({
  version: v.string(),
  sidecar: v.picklist(["native", "container"]),
  port: v.number(),
  containers: v.record(v.string(), v.record(v.string(), v.nullable(variable))),
  left: v.record(v.string(), v.record(v.string(), v.string())),
  grace: v.nullable(v.number()),
  default: v.boolean(),
  pull: v.array(v.string()),
});

/** The part that every version's annotation has: who patched the pod, or why nobody did. */
export interface Mark {
  readonly version: string | null;
  readonly skipped: string | null;
  readonly detail: string | null;
}

const maybe = v.optional(v.nullable(v.string()), null);
const markSchema: v.GenericSchema<unknown, Mark> = v.object({
  version: maybe,
  skipped: maybe,
  detail: maybe,
});

/** What the pod's annotation says; null when it says nothing that is understood. */
export function readStatus(pod: Pod): Status | null {
  return statusBy(schema, pod);
}

/** The same of an annotation of any version. */
export function readMark(pod: Pod): Mark | null {
  return statusBy(markSchema, pod);
}

/** The version whose sidecar is in the pod; null when there is none, or nothing that says so. */
export function patchedBy(pod: Pod): string | null {
  const isThere = allContainers(pod).some(({ name }) => name === SIDECAR);
  return isThere ? (readMark(pod)?.version ?? null) : null;
}

function statusBy<T>(form: v.GenericSchema<unknown, T>, pod: Pod): T | null {
  const text = wordsOf(pod, "annotations")[STATUS];
  if (text === undefined) return null;
  try {
    const read = v.safeParse(form, JSON.parse(text));
    return read.success ? read.output : null;
  } catch {
    return null;
  }
}

/** The annotation's text. */
export function statusText(status: Status): string {
  return JSON.stringify(status);
}

/** The text for a pod that was skipped. */
export function skippedText(skip: {
  readonly reason: string;
  readonly detail: string | null;
}): string {
  const { reason, detail } = skip;
  return JSON.stringify(detail === null ? { skipped: reason } : { skipped: reason, detail });
}
