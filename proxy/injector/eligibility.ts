/** Whether a pod gets a sidecar at all: who asks for one, who refuses it, and which pods cannot have one. */
import { INJECT } from "./annotations.ts";
import { wordsOf, type Pod, type PodSpec } from "./pod.ts";
import type { SkipReason } from "./reasons.ts";

/** Whom the injector is asked about. */
export interface Subject {
  readonly pod: Pod;
  /** The namespace's labels; null when they are not known. */
  readonly namespaceLabels: Readonly<Record<string, string>> | null;
  /** Whether a person asks, as on the command line, so that nobody else need to. */
  readonly isAsked: boolean;
}

/** Why a pod is skipped. */
export interface Skip {
  readonly reason: SkipReason;
  readonly detail: string | null;
}

type Wish = "yes" | "no" | "invalid" | null;

const answers: Readonly<Record<string, Wish>> = {
  enabled: "yes",
  true: "yes",
  disabled: "no",
  false: "no",
};

/** Null when the pod may have a sidecar. */
export function skipOf(subject: Subject): Skip | null {
  const { spec } = subject.pod;
  const unwanted = unwantedBy(subject);
  if (unwanted !== null) return unwanted;
  if (spec.hostNetwork === true) return { reason: "host_network", detail: null };
  if (isWindows(spec)) return { reason: "windows", detail: null };
  return isVirtual(spec) ? { reason: "virtual_node", detail: null } : null;
}

/** A pod's refusal wins over everything, its wish over its namespace's. */
function unwantedBy({ pod, namespaceLabels, isAsked }: Subject): Skip | null {
  const own = [wishIn(wordsOf(pod, "labels")), wishIn(wordsOf(pod, "annotations"))];
  if (own.includes("no")) return { reason: "opted_out", detail: null };
  if (own.includes("invalid")) return invalid("the pod's");
  if (own.includes("yes") || isAsked) return null;
  const around = wishIn(namespaceLabels ?? {});
  if (around === "invalid") return invalid("the namespace's");
  return around === "yes" ? null : { reason: "not_opted_in", detail: null };
}

function wishIn(words: Readonly<Record<string, string>>): Wish {
  const word = words[INJECT];
  if (word === undefined) return null;
  return Object.hasOwn(answers, word) ? (answers[word] ?? null) : "invalid";
}

function invalid(whose: string): Skip {
  return {
    reason: "annotation_invalid",
    detail: `${whose} ${INJECT} takes \`enabled\` or \`disabled\``,
  };
}

function isWindows(spec: PodSpec): boolean {
  const selector = spec.nodeSelector ?? {};
  const systems = [spec.os?.name, selector["kubernetes.io/os"], selector["beta.kubernetes.io/os"]];
  return systems.includes("windows");
}

function isVirtual(spec: PodSpec): boolean {
  if (spec.nodeSelector?.["type"] === "virtual-kubelet") return true;
  const keys = (spec.tolerations ?? []).map(({ key }) => key);
  return keys.includes("virtual-kubelet.io/provider") || keys.includes("azure.com/aci");
}
