/** verify: leaves a share of the local answers to the cloud and compares the two; answer asks it for every answer it has. */
import type { Step } from "../core/layer.ts";
import type { Route } from "../core/policy.ts";
import type { AgreementBook, Compared, Outcome, Recorder, TextComparer } from "../core/ports.ts";
import type { Judged } from "../core/received.ts";
import type { Answer, Reply } from "../core/reply.ts";
import { codecOf } from "../wire/table.ts";
import { collected, type Collected, type Relay } from "./collect.ts";

/** What verifying asks for. */
export interface VerifyParts {
  readonly agreement: AgreementBook;
  readonly comparer: TextComparer;
  /** From 0 to below 1. */
  readonly random: () => number;
  readonly faults: Pick<Recorder, "fault">;
}

/** A local answer that is to be compared, and the route that gave it. */
export interface Checked {
  readonly route: Route;
  readonly answer: Answer;
}

/** Whether this answer is one of the route's sample. */
export function isDrawn({ random }: VerifyParts, route: Route): boolean {
  return route.verify.sample > 0 && random() < route.verify.sample;
}

/** The cloud's reply, compared once it is whole; null when there is none that could be compared, and nobody has seen it. */
export async function comparedReply(
  parts: VerifyParts,
  inner: Step<Judged>,
  { judged, checked }: { readonly judged: Judged; readonly checked: Checked },
): Promise<Reply | null> {
  try {
    const reply = await inner(judged);
    if (isComparable(reply)) return verified(parts, judged, checked, reply);
    discard(reply);
  } catch (fault) {
    parts.faults.fault("verify", fault);
  }
  return null;
}

function isComparable(reply: Reply): reply is Relay {
  return reply.kind === "relay" && reply.upstream.status === 200;
}

/** The same reply, compared once it is whole if it is the cloud's answer. */
export function verified(
  parts: VerifyParts,
  judged: Judged,
  checked: Checked,
  reply: Reply,
): Reply {
  if (!isComparable(reply)) return reply;
  return collected(reply, {
    done: (whole) => note(parts, judged, checked, whole),
    failed: (fault) => parts.faults.fault("verify", fault),
  });
}

/** Ends a reply that the caller will not get. */
function discard(reply: Reply): void {
  if (reply.kind === "relay") reply.upstream.body.destroy();
  reply.ended({ kind: "aborted" });
}

async function note(
  parts: VerifyParts,
  judged: Judged,
  { route, answer }: Checked,
  whole: Collected,
): Promise<void> {
  if (judged.reading.kind !== "view") return;
  const ended = judged.span?.compare();
  let compared: Compared | undefined;
  try {
    const theirs = codecOf(judged.reading.view.protocol).said(whole);
    const told = theirs === null ? unclear : await verdict(parts, route, answer.text, theirs);
    compared = { id: judged.id, route, ...told };
    parts.agreement.note(compared);
  } finally {
    ended?.(compared);
  }
}

type Told = Pick<Compared, "outcome" | "by">;

const unclear: Told = { outcome: "unclear", by: "estimate" };

/** Labels are equal or not; of free texts the model has an opinion. */
async function verdict(
  { comparer }: VerifyParts,
  route: Route,
  ours: string,
  theirs: string,
): Promise<Told> {
  const isLabel = route.action.kind === "answer" && route.action.answer.kind === "label";
  if (isLabel) return { outcome: isSameLabel(ours, theirs), by: "equality" };
  if (plain(ours) === plain(theirs)) return { outcome: "agree", by: "estimate" };
  return { outcome: await comparer.compare(ours, theirs), by: "estimate" };
}

/** Equal as JSON where ours is JSON, else but for case, spaces and what stands around a word. */
function isSameLabel(ours: string, theirs: string): Outcome {
  return (canonical(ours) ?? plain(ours)) === (canonical(theirs) ?? plain(theirs))
    ? "agree"
    : "disagree";
}

/** JSON with its keys in order; null for what is none, and for a bare word or number. */
function canonical(text: string): string | null {
  try {
    const value: unknown = JSON.parse(text.replaceAll(/^\s*```(?:json)?|```\s*$/gu, ""));
    return typeof value === "object" && value !== null ? JSON.stringify(value, sorted) : null;
  } catch {
    return null;
  }
}

function sorted(_key: string, value: unknown): unknown {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1)));
}

function plain(text: string): string {
  return text
    .normalize("NFKC")
    .toLowerCase()
    .replaceAll(/\s+/gu, " ")
    .replaceAll(/^[\s"'`*.:!]+|[\s"'`*.:!]+$/gu, "");
}
