/** The injector's heart, pure: a pod, the operator's settings and facts of the cluster give a patch with its reasons. */
import { createPatch, type Operation } from "rfc6902";
import { readAnnotations, STATUS } from "./annotations.ts";
import { leadContainers, type Candidate, type Led } from "./containers.ts";
import { skipOf, type Skip, type Subject } from "./eligibility.ts";
import { restored, type Seen } from "./environment.ts";
import { DEFAULT_CONTAINER, placeAmong, placed } from "./placement.ts";
import { allContainers, wordsOf, type Container, type Pod } from "./pod.ts";
import { planOf, type Plan } from "./plan.ts";
import { isLeft, type Note } from "./reasons.ts";
import { redirectContainer, REDIRECT } from "./redirect-container.ts";
import { sidecarContainer, sidecarVolumes, SIDECAR } from "./sidecar-container.ts";
import type { Settings } from "./settings.ts";
import { patchedBy, skippedText, type Status } from "./status.ts";

/** What is known of the cluster. */
export interface ClusterFacts {
  /** Lowest minor version of Kubernetes among server and nodes; null when it is not known. */
  readonly minor: number | null;
  readonly seen: Seen;
  /** The injector's own version. */
  readonly version: string;
}

/** What becomes of a pod; the patch of a skipped one only says why. */
export type Injection = { readonly pod: Pod; readonly patch: readonly Operation[] } & (
  | { readonly kind: "injected"; readonly notes: readonly Note[] }
  | ({ readonly kind: "skipped" } & Skip)
);

/** Kubernetes' own grace period, in seconds: a pod that has it has not asked for another. */
const USUAL_GRACE = 30;

/**
 * Decides and patches. The same pod twice gives an empty patch; containers added since are led too. What
 * another version patched stays as it is: its sidecar was not made for what this one would change in it.
 */
export function inject(subject: Subject, settings: Settings, facts: ClusterFacts): Injection {
  const { pod } = subject;
  const by = patchedBy(pod);
  if (by !== null && by !== facts.version) return { kind: "injected", pod, patch: [], notes: [] };
  const skip = skipOf(subject);
  if (skip !== null) return skipped(pod, skip);
  const read = readAnnotations(pod, settings);
  if (!read.ok) return skipped(pod, { reason: "annotation_invalid", detail: read.problem });
  const planned = planOf(pod, read.wishes, settings, facts.minor);
  if ("reason" in planned) return skipped(pod, planned);
  const { after, notes } = carriedOut(pod, planned, settings, facts);
  return { kind: "injected", pod: after, patch: createPatch(pod, after), notes };
}

function carriedOut(
  pod: Pod,
  plan: Plan,
  settings: Settings,
  { seen, version }: ClusterFacts,
): { readonly after: Pod; readonly notes: readonly Note[] } {
  const { wishes, ports, isNative, status } = plan;
  const candidates = candidatesOf(pod, plan);
  const led = leadContainers(candidates, { wishes, settings, ports, seen });
  const grace = graceOf(pod, plan, settings);
  const parts = { wishes, settings, ports, isNative, graceSeconds: grace.seconds };
  const sidecar = sidecarContainer({ ...parts, variables: led.variables });
  const after = placed(pod, {
    redirect: redirectContainer(parts),
    containers: keptWhereSame(pod, led.containers),
    sidecar,
    volumes: sidecarVolumes({ ...parts, variables: [] }),
    isNative,
    graceSeconds: grace.seconds,
    status: {
      version,
      sidecar: isNative ? "native" : "container",
      port: ports.data,
      containers: led.before,
      left: leftIn(led),
      grace: grace.before,
      default: status?.default ?? isDefaultMissing(pod),
      pull: status?.pull ?? missingSecrets(pod, settings),
    },
  });
  return { after, notes: led.notes };
}

/** The containers as they were before any patch, so that the same rules give the same again. */
function candidatesOf(pod: Pod, { isNative, status }: Plan): readonly Candidate[] {
  const original = (container: Container): Container =>
    restored(container, status?.containers[container.name] ?? {});
  const inits = pod.spec.initContainers ?? [];
  const first = isNative ? placeAmong(inits) : inits.length;
  const all = [
    ...inits.map((container, at) => ({ container, isReached: at >= first })),
    ...pod.spec.containers.map((container) => ({ container, isReached: true })),
  ];
  return all
    .filter(({ container: { name } }) => name !== SIDECAR && name !== REDIRECT)
    .map(({ container, isReached }) => ({ container: original(container), isReached }));
}

/** Other injectors may have added variables since: what differs only in order stays as it is. */
function keptWhereSame(pod: Pod, containers: readonly Container[]): readonly Container[] {
  const present = new Map(allContainers(pod).map((container) => [container.name, container]));
  return containers.map((container) => {
    const before = present.get(container.name);
    return before !== undefined && sameEnv(before, container) ? before : container;
  });
}

function sameEnv(one: Container, other: Container): boolean {
  return sortedEnv(one) === sortedEnv(other);
}

function sortedEnv({ env }: Container): string {
  return JSON.stringify((env ?? []).map((each) => JSON.stringify(each)).toSorted());
}

function graceOf(
  pod: Pod,
  { wishes, status }: Plan,
  settings: Settings,
): { readonly seconds: number; readonly before: number | null } {
  const given = pod.spec.terminationGracePeriodSeconds ?? null;
  if (status !== null) return { seconds: given ?? USUAL_GRACE, before: status.grace };
  const usual = given ?? USUAL_GRACE;
  const raised = usual === USUAL_GRACE ? Math.max(usual, settings.graceSeconds) : usual;
  const seconds = wishes.graceSeconds ?? raised;
  return { seconds, before: seconds === usual ? null : (given ?? 0) };
}

function leftIn({ notes }: Led): Status["left"] {
  const byContainer = Map.groupBy(notes.filter(isLeft), ({ container }) => container);
  return Object.fromEntries(
    [...byContainer].map(([container, own]) => [
      container,
      Object.fromEntries(own.map(({ about, reason }) => [about ?? "*", reason])),
    ]),
  );
}

function isDefaultMissing(pod: Pod): boolean {
  return wordsOf(pod, "annotations")[DEFAULT_CONTAINER] === undefined;
}

function missingSecrets(pod: Pod, { pullSecrets }: Settings): readonly string[] {
  const present = new Set((pod.spec.imagePullSecrets ?? []).map(({ name }) => name));
  return pullSecrets.filter((name) => !present.has(name));
}

function skipped(pod: Pod, skip: Skip): Injection {
  const annotations = { ...pod.metadata?.annotations, [STATUS]: skippedText(skip) };
  const isSilent = skip.reason === "not_opted_in" || skip.reason === "opted_out";
  const after = isSilent ? pod : { ...pod, metadata: { ...pod.metadata, annotations } };
  return { kind: "skipped", ...skip, pod: after, patch: createPatch(pod, after) };
}
