/** Looks over a cluster's pods: which have a sidecar and of which version, which ask for one and have none, and the mend. */
import { INJECTED } from "./annotations.ts";
import { readObjects, type ClusterObjects, type SeenPod } from "./cluster-objects.ts";
import { skipOf, type Skip } from "./eligibility.ts";
import { allContainers, wordsOf, type Pod, type Words } from "./pod.ts";
import { sentenceOf, skipReasons, type SkipReason } from "./reasons.ts";
import { ownerOf, renewalsOf, type Owner, type Renewal } from "./renewal.ts";
import { imageOf, injectorsAmong, type RunningInjectors } from "./running-injectors.ts";
import { SIDECAR } from "./sidecar-container.ts";
import { patchedBy, readMark } from "./status.ts";

/** One pod that has a sidecar, or asks for one. */
export interface Standing {
  readonly namespace: string;
  readonly name: string;
  readonly state: "current" | "skewed" | "missing";
  /** Whose patch it has; null when nothing says it. */
  readonly version: string | null;
  readonly image: string | null;
  readonly mode: "native" | "container" | null;
  /** Why it has none, where that is known: a code of the skip reasons. */
  readonly reason: string | null;
  /** What is wrong, in words; null when nothing is. */
  readonly because: string | null;
  readonly owner: Owner;
}

/** The whole of it. */
export interface Survey {
  readonly injectors: RunningInjectors;
  /** A pod by any of these is current. */
  readonly expected: readonly string[];
  readonly pods: readonly Standing[];
  /** Pods that are done or on their way out, which do not count. */
  readonly over: number;
  /** Namespaces of which no label is known. */
  readonly unseen: readonly string[];
  readonly renewals: readonly Renewal[];
}

/** By whose measure, and where. */
export interface SurveyOptions {
  /** Counts where the injector's own cannot be told. */
  readonly version: string;
  /** Null looks at all of them. */
  readonly namespace: string | null;
}

/** A survey, or what is wrong with the texts. */
export type SurveyRead =
  | { readonly ok: true; readonly survey: Survey }
  | { readonly ok: false; readonly problem: string };

/** What lists of pods and namespaces in JSON tell. */
export function surveyCluster(texts: readonly string[], options: SurveyOptions): SurveyRead {
  try {
    return { ok: true, survey: surveyed(readObjects(texts), options) };
  } catch (fault) {
    return { ok: false, problem: fault instanceof Error ? fault.message : String(fault) };
  }
}

/** A pod with what the mend goes by. */
interface Looked {
  readonly standing: Standing;
  readonly isAsking: boolean;
  /** Whether a pod made in its place would be as it should. */
  readonly isRenewed: boolean;
}

function surveyed(objects: ClusterObjects, { version, namespace }: SurveyOptions): Survey {
  const injectors = injectorsAmong(objects.pods);
  const expected = injectors.versions.length === 0 ? [version] : injectors.versions;
  const within = objects.pods.filter((seen) => namespace === null || seen.namespace === namespace);
  const alive = within.filter(({ isOver }) => !isOver);
  const looked = alive.flatMap((seen) => {
    const labels = objects.namespaces.get(seen.namespace) ?? null;
    const skip = skipOf({ pod: seen.pod, namespaceLabels: labels, isAsked: false });
    if (hasSidecar(seen.pod)) return [withSidecar(seen, skip, expected)];
    if (isUnwanted(skip) || injectors.excluded.has(seen.namespace)) return [];
    return [without(seen, skip, labels)];
  });
  const names = new Set(alive.map((seen) => seen.namespace));
  return {
    injectors,
    expected,
    pods: looked.map(({ standing }) => standing).toSorted(byPlace),
    over: within.length - alive.length,
    unseen: [...names].filter((name) => !objects.namespaces.has(name)).toSorted(),
    renewals: renewalsOf(
      looked
        .filter(({ isRenewed }) => isRenewed)
        .map(({ standing: { owner }, isAsking }) => ({ owner, isAsking })),
    ),
  };
}

function byPlace(one: Standing, other: Standing): number {
  return one.namespace.localeCompare(other.namespace) || one.name.localeCompare(other.name);
}

/** A container of that name alone may be somebody else's. */
function hasSidecar(pod: Pod): boolean {
  const isMarked = wordsOf(pod, "labels")[INJECTED] === "true" || patchedBy(pod) !== null;
  return isMarked && allContainers(pod).some(({ name }) => name === SIDECAR);
}

function isUnwanted(skip: Skip | null): boolean {
  return skip?.reason === "opted_out" || skip?.reason === "not_opted_in";
}

function withSidecar(seen: SeenPod, skip: Skip | null, expected: readonly string[]): Looked {
  const { pod, namespace, name } = seen;
  const version = patchedBy(pod);
  const isCurrent = version !== null && expected.includes(version);
  const inits = pod.spec.initContainers ?? [];
  const sidecar = allContainers(pod).find((container) => container.name === SIDECAR);
  const by = version === null ? "nothing says which version patched it" : `patched by ${version}`;
  const standing: Standing = {
    namespace,
    name,
    state: isCurrent ? "current" : "skewed",
    version,
    image: imageOf(sidecar),
    mode: inits.some((container) => container.name === SIDECAR) ? "native" : "container",
    reason: null,
    because: isCurrent ? null : by,
    owner: ownerOf(seen),
  };
  return { standing, isAsking: !isUnwanted(skip), isRenewed: !isCurrent };
}

function without(seen: SeenPod, skip: Skip | null, namespaceLabels: Words | null): Looked {
  const { pod, namespace, name } = seen;
  const told = writtenSkip(pod) ?? skip;
  const isCalled = isAskedByLabel(pod, namespaceLabels);
  const standing: Standing = {
    namespace,
    name,
    state: "missing",
    version: null,
    image: null,
    mode: null,
    reason: told?.reason ?? null,
    because: told === null ? (isCalled ? uncalled.missed : uncalled.annotation) : saidOf(told),
    owner: ownerOf(seen),
  };
  return { standing, isAsking: true, isRenewed: told === null && isCalled };
}

const uncalled = {
  missed: "made without the injector",
  annotation: "asks by an annotation, for which no webhook is called: it has to be a label",
} as const;

interface ToldSkip {
  readonly reason: string;
  readonly detail: string | null;
}

/** What an injector wrote into the pod, be it of another version. */
function writtenSkip(pod: Pod): ToldSkip | null {
  const mark = readMark(pod);
  return mark === null || mark.skipped === null
    ? null
    : { reason: mark.skipped, detail: mark.detail };
}

function saidOf({ reason, detail }: ToldSkip): string {
  const sentence = isReason(reason) ? sentenceOf(reason) : "a reason of another version";
  return [reason, sentence, ...(detail === null ? [] : [detail])].join(": ");
}

function isAskedByLabel(pod: Pod, namespaceLabels: Words | null): boolean {
  const labelled = { ...pod, metadata: { ...pod.metadata, annotations: {} } };
  return !isUnwanted(skipOf({ pod: labelled, namespaceLabels, isAsked: false }));
}

function isReason(word: string): word is SkipReason {
  return Object.hasOwn(skipReasons, word);
}
