/** A call as it goes down the stack; each stage of knowledge is a type. */
import type { Judgement, Verdict } from "./decision.ts";
import type { RequestBody, RequestHead, Routed } from "./http.ts";
import type { Intent, Policy } from "./policy.ts";
import type { FaqIndex, IntentScorer } from "./ports.ts";
import type { CallSpan } from "./tracing.ts";
import type { ReasonCode } from "./reasons.ts";
import type { Controls, Reading, RequestView } from "./request.ts";
import type { Signals } from "./signals.ts";

/** A policy with what was fitted for it; taken at admission, so a reload never mixes two. */
export interface Snapshot {
  readonly policy: Policy;
  readonly intents: IntentScorer | null;
  /** By FAQ file name as the routes write it. */
  readonly faqs: ReadonlyMap<string, FaqIndex>;
  /** Routes' own labels, by the list that a label answer holds. */
  readonly labels: ReadonlyMap<readonly Intent[], IntentScorer>;
  /** True while an operator has switched answering off. */
  readonly isStopped: boolean;
}

/** Who calls: anyone where the policy names no callers, unknown without a key of one that it names. */
export type Caller =
  | { readonly kind: "anyone" }
  | { readonly kind: "known"; readonly name: string }
  | { readonly kind: "unknown" };

/** A call as the listener hands it over. */
export interface Received {
  readonly id: string;
  /** Monotonic milliseconds (performance.now) when the head had been read. */
  readonly startedMs: number;
  /** Milliseconds spent waiting for the caller's body; not our overhead. */
  readonly bodyWaitMs: number;
  /** Where the policy names callers, without the credentials that came with it. */
  readonly head: RequestHead;
  readonly caller: Caller;
  /** The provider that the head's target and headers mean. */
  readonly routed: Routed;
  readonly body: RequestBody;
  readonly reading: Reading;
  readonly controls: Controls;
  readonly snapshot: Snapshot;
  /** Aborts when the caller goes away before the reply has ended. */
  readonly signal: AbortSignal;
  /** The call's spans; observe begins them. */
  readonly span?: CallSpan;
}

/** What is left of a call once its reply has begun and goes on for a while: all but what the caller said. */
export function withoutTexts(received: Received): Received {
  const { reading, body } = received;
  const isHeld = body.kind === "whole";
  if (reading.kind === "unread") return isHeld ? { ...received, body: noBody } : received;
  const view: RequestView = { ...reading.view, system: null, turns: [], text: "", body: {} };
  return { ...received, body: isHeld ? noBody : body, reading: { kind: "view", view } };
}

const noBody: RequestBody = { kind: "none" };

/** A caller's name; null for one without. */
export function callerName(caller: Caller): string | null {
  return caller.kind === "known" ? caller.name : null;
}

/** A call with a decision. */
export interface Judged extends Received {
  readonly judgement: Judgement;
  readonly signals: Signals | null;
  /** What a forwarded reply will give as its reason. */
  readonly reason: ReasonCode;
  /** In observe mode: what would have been done. */
  readonly would: Verdict["would"];
}
