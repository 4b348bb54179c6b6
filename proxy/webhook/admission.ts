/** Answers AdmissionReviews: whatever goes wrong here, the object is admitted, and a warning says so. */
import * as v from "valibot";
import { inject, type ClusterFacts, type Injection } from "../injector/inject.ts";
import { readPod } from "../injector/pod.ts";
import { isLeft, sentenceOf } from "../injector/reasons.ts";
import type { Settings } from "../injector/settings.ts";
import type { PolicyFiles, PolicyReview } from "./policy-review.ts";

/** What was asked, as far as it is read. */
export interface AdmissionRequest {
  readonly uid: string;
  readonly namespace: string;
  readonly isDryRun: boolean;
  readonly object: unknown;
}

/** What came of a pod, for metrics and Events. */
export interface Injected {
  readonly request: AdmissionRequest;
  readonly injection: Injection;
}

/** What answering needs. */
export interface AdmissionParts {
  readonly settings: () => Settings;
  readonly facts: () => ClusterFacts;
  /** Told of every pod that was decided on. */
  readonly onInjection: (injected: Injected) => void;
  readonly reviewPolicy: (request: PolicyRequest) => Promise<PolicyReview>;
  readonly onFault: (fault: unknown) => void;
}

/** A policy that somebody wants to write. */
export interface PolicyRequest {
  readonly namespace: string;
  readonly name: string;
  readonly files: PolicyFiles;
}

interface Answer {
  readonly allowed: boolean;
  readonly message?: string;
  readonly patch?: readonly unknown[];
  readonly warnings?: readonly string[];
}

const reviewSchema = v.object({
  request: v.object({
    uid: v.string(),
    namespace: v.optional(v.string(), ""),
    dryRun: v.nullish(v.boolean()),
    object: v.unknown(),
  }),
});

const configMapSchema = v.object({
  metadata: v.object({ name: v.optional(v.string(), "") }),
  data: v.nullish(v.record(v.string(), v.string())),
});

/** Longest warning that every client shows whole, and most of one answer. */
const LONGEST_WARNING = 200;
const MOST_WARNINGS = 5;

/** The kinds of questions. */
export type Question = "inject" | "validate";

const answerers = { inject: answerPod, validate: answerPolicy } as const;

/** The reply to the text of an AdmissionReview; null when it is none. */
export async function answerReview(
  text: string,
  question: Question,
  parts: AdmissionParts,
): Promise<object | null> {
  const request = requestIn(text);
  if (request === null) return null;
  let answer: Answer;
  try {
    answer = await answerers[question](request, parts);
  } catch (fault) {
    parts.onFault(fault);
    answer = {
      allowed: true,
      warnings: ["sidestep: the injector failed here and changed nothing"],
    };
  }
  const { patch = [], message, allowed, warnings = [] } = answer;
  const response = {
    uid: request.uid,
    allowed,
    ...(message === undefined ? {} : { status: { code: 422, reason: "Invalid", message } }),
    ...(patch.length === 0 ? {} : { patchType: "JSONPatch", patch: coded(patch) }),
    ...(warnings.length === 0 ? {} : { warnings: warnings.slice(0, MOST_WARNINGS).map(cut) }),
  };
  return { apiVersion: "admission.k8s.io/v1", kind: "AdmissionReview", response };
}

function requestIn(text: string): AdmissionRequest | null {
  try {
    const { request } = v.parse(reviewSchema, JSON.parse(text));
    const { uid, namespace, dryRun, object } = request;
    return { uid, namespace, isDryRun: dryRun ?? false, object };
  } catch {
    return null;
  }
}

/** A pod comes here only if itself or its namespace has the label, so that nobody else need ask. */
async function answerPod(request: AdmissionRequest, parts: AdmissionParts): Promise<Answer> {
  const read = readPod(request.object);
  if (!read.ok) {
    return { allowed: true, warnings: [`sidestep: no sidecar: pod_unreadable: ${read.problem}`] };
  }
  const subject = { pod: read.pod, namespaceLabels: null, isAsked: true };
  const injection = inject(subject, parts.settings(), parts.facts());
  parts.onInjection({ request, injection });
  return { allowed: true, patch: injection.patch, warnings: warningsOf(injection) };
}

function warningsOf(injection: Injection): readonly string[] {
  if (injection.kind === "skipped") {
    if (injection.reason === "opted_out") return [];
    const detail = injection.detail === null ? "" : ` (${injection.detail})`;
    return [`sidestep: no sidecar: ${injection.reason}: ${sentenceOf(injection.reason)}${detail}`];
  }
  return injection.notes
    .filter(isLeft)
    .map(({ container, reason, about }) => `sidestep: ${container}: ${about ?? ""} ${reason}`);
}

async function answerPolicy(request: AdmissionRequest, parts: AdmissionParts): Promise<Answer> {
  const { metadata, data } = v.parse(configMapSchema, request.object);
  const { problems, warnings } = await parts.reviewPolicy({
    namespace: request.namespace,
    name: metadata.name,
    files: data ?? {},
  });
  if (problems.length === 0) return { allowed: true, warnings: warnings.map(prefixed) };
  return { allowed: false, message: ["the policy is invalid", ...problems].join("\n") };
}

function prefixed(warning: string): string {
  return `sidestep: ${warning}`;
}

function cut(warning: string): string {
  return warning.length <= LONGEST_WARNING ? warning : `${warning.slice(0, LONGEST_WARNING - 1)}…`;
}

function coded(patch: readonly unknown[]): string {
  return Buffer.from(JSON.stringify(patch)).toString("base64");
}
