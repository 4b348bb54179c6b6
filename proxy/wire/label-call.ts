/** Reads a classification call off a view: the text to classify, what is asked of it, and the examples it shows; judge() and the label answers read it. */
import type { LabelAnswer } from "../core/policy.ts";
import type { RequestView, Turn } from "../core/request.ts";
import { asksForLabel, framed, isLong, type Framed } from "./label-frame.ts";
import { readReply, type LabelReply } from "./label-reply.ts";
import { shotsIn, type Shot } from "./label-shots.ts";

/** A text with the label that the application shows for it. */
export interface LabelExample extends LabelReply {
  readonly text: string;
}

/** A call as a classification. */
export interface LabelCall {
  /** The text to classify; null where it cannot be told plainly. */
  readonly text: string | null;
  /** The last turn, or the part of it that holds the text: several texts in it would each want a label. */
  readonly turn: string;
  /** What the application asks for, without the texts. */
  readonly instructions: string;
  readonly examples: readonly LabelExample[];
  /** Whether the earlier turns are examples, and so no history. */
  readonly isDialogue: boolean;
}

const known = new WeakMap<RequestView, WeakMap<LabelAnswer, LabelCall>>();

/** Read once for each call and answer. Pure. */
export function labelCallOf(spec: LabelAnswer, view: RequestView): LabelCall {
  const byAnswer = known.get(view) ?? new WeakMap<LabelAnswer, LabelCall>();
  known.set(view, byAnswer);
  const call = byAnswer.get(spec) ?? readCall(spec, view);
  byAnswer.set(spec, call);
  return call;
}

function readCall(spec: LabelAnswer, view: RequestView): LabelCall {
  const pairs = pairsOf(view.turns);
  const examples = pairs === null ? null : examplesIn(pairs, spec);
  if (examples !== null && examples.length > 0) return ofDialogue(spec, view, examples);
  const shots = isLong(view.text) ? null : shotsIn(view.text);
  if (shots !== null) return ofShots(spec, view, shots);
  const found = framed(view.text, spec.after, isApart(spec, view));
  const none = { examples: [], isDialogue: false, turn: view.text };
  if (found === null) return { ...none, text: null, instructions: view.system ?? view.text };
  return { ...none, text: found.text, instructions: joined(view.system, found.rest) };
}

/** Whether the instructions stand elsewhere: in the system prompt, or with a policy that says the form, nowhere. */
function isApart(spec: LabelAnswer, view: RequestView): boolean {
  if (view.system !== null) return true;
  return (spec.labels.size > 0 || spec.format !== null) && !asksForLabel(view.text);
}

/** The call's text stands in the last turn as the examples' stand in theirs; the first turn may carry the instructions. */
function ofDialogue(
  spec: LabelAnswer,
  view: RequestView,
  examples: readonly LabelExample[],
): LabelCall {
  const frames = [...examples.map(({ text }) => text), view.text].map((text, at) =>
    framed(text, spec.after, view.system !== null || at > 0),
  );
  const own = frames.at(-1) ?? null;
  const inner = frames.filter((frame) => frame !== null);
  const isWhole = inner.length === frames.length;
  return {
    text: own?.text ?? null,
    turn: view.text,
    instructions: joined(view.system, ...inner.map(({ rest }) => rest)),
    examples: examples.map((one, at) => ({ ...one, text: frameText(frames[at], one.text) })),
    isDialogue: true,
    ...(isWhole ? {} : { text: null }),
  };
}

function frameText(frame: Framed | null | undefined, whole: string): string {
  return frame?.text ?? whole;
}

function ofShots(
  spec: LabelAnswer,
  view: RequestView,
  { shots, text, rest }: NonNullable<ReturnType<typeof shotsIn>>,
): LabelCall {
  const examples = examplesIn(shots, spec);
  const isPlain = examples !== null && spec.after === null;
  return {
    text: isPlain ? text : null,
    turn: text,
    instructions: joined(view.system, rest),
    examples: examples ?? [],
    isDialogue: false,
  };
}

/** The earlier turns as texts with their replies; null when the turns do not alternate. */
function pairsOf(turns: readonly Turn[]): readonly Shot[] | null {
  if (turns.length < 3 || turns.length % 2 === 0) return null;
  if (turns.some(({ role }, at) => role !== (at % 2 === 0 ? "user" : "assistant"))) return null;
  const pairs: Shot[] = [];
  for (let at = 0; at + 1 < turns.length; at += 2) {
    pairs.push({ text: turns[at]?.text ?? "", reply: turns[at + 1]?.text ?? "" });
  }
  return pairs;
}

/** Null unless every reply is one of the labels. */
function examplesIn(pairs: readonly Shot[], spec: LabelAnswer): readonly LabelExample[] | null {
  const examples: LabelExample[] = [];
  for (const { text, reply } of pairs) {
    const read = readReply(spec, reply);
    if (read === null) return null;
    examples.push({ ...read, text });
  }
  return examples;
}

function joined(...parts: readonly (string | null)[]): string {
  const texts = parts.filter((part) => part !== null && part.trim() !== "");
  return texts.join("\n");
}
