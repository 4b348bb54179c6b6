/** Compiles what an answering route says: template, FAQ, label or generated text; routes.ts calls it. */
import { languageNames } from "../core/label-words.ts";
import type { AnswerSpec, GenerateAnswer, Intent, LabelAnswer } from "../core/policy.ts";
import type { Context } from "./context.ts";
import { DEFAULT_GENERATION, DEFAULT_LABEL_CONFIDENCE } from "./defaults.ts";
import { frozenMap } from "./freeze.ts";
import { intentsFrom } from "./intents.ts";
import { nearestHint } from "./nearest.ts";
import { isLeast, LEAST_MESSAGE, type RawWhen } from "./schema-conditions.ts";
import type { RawAnswer, RawGenerate } from "./schema-routes.ts";
import type { Path } from "./tree.ts";
import { ESCALATIONS, SENTIMENTS, TASKS } from "./vocabulary.ts";

/** An answer, and the part of the route's `when` that stays a condition. */
export interface Answering {
  readonly answer: AnswerSpec;
  readonly when: RawWhen;
}

const KINDS = ["template", "faq", "label", "generate"] as const;

/** The keys that go with each kind of answer. */
const KEYS: Readonly<Record<(typeof KINDS)[number], readonly string[]>> = {
  template: ["slots"],
  faq: ["max_wrong", "confidence"],
  label: ["confidence", "max_wrong", "among", "labels", "format", "after"],
  generate: [],
};

const SLOT = /\{([a-z][a-z0-9_]*)\}/gi;

/** The compiled answer; null when a problem was reported (or was before, for a part that is missing now). */
export function answerOf(
  raw: RawAnswer,
  when: RawWhen,
  place: { readonly context: Context; readonly path: Path },
): Answering | null {
  const { context, path } = place;
  const written = context.keys(path);
  const kinds = KINDS.filter((kind) => written.includes(kind));
  const [kind] = kinds;
  if (kind === undefined || kinds.length > 1) {
    context.report(path, "an answer is exactly one of `template`, `faq`, `label` and `generate`");
    return null;
  }
  for (const key of written) {
    if (key === kind || KEYS[kind].includes(key)) continue;
    context.reportKey([...path, key], `\`${key}\` does not go with \`${kind}\``);
  }
  if (raw.template !== undefined) return { answer: templateOf(raw, raw.template, place), when };
  if (raw.faq !== undefined) return faqOf({ ...raw, faq: raw.faq }, when, place);
  if (raw.generate !== undefined) return { answer: generateOf(raw.generate, place), when };
  return raw.label === undefined ? null : { answer: labelOf(raw, raw.label, place), when };
}

function templateOf(
  raw: RawAnswer,
  template: string | Readonly<Record<string, string>>,
  { context, path }: { readonly context: Context; readonly path: Path },
): AnswerSpec {
  const isOne = typeof template === "string";
  const texts = Object.entries(isOne ? { "*": template } : template);
  const slots = context.keys([...path, "slots"]);
  if (!isOne && context.keys([...path, "template"]).length === 0)
    context.report([...path, "template"], "this template has no text");
  for (const [language, text] of texts) {
    const at = isOne ? [...path, "template"] : [...path, "template", language];
    for (const [, slot = ""] of text.matchAll(SLOT)) {
      if (slots.includes(slot)) continue;
      context.report(at, `\`slots\` has no \`${slot}\`${nearestHint(slot, slots)}`);
    }
  }
  return {
    kind: "template",
    texts: frozenMap(texts),
    slots: frozenMap(Object.entries(raw.slots ?? {})),
  };
}

function generateOf(
  raw: RawGenerate,
  { context, path }: { readonly context: Context; readonly path: Path },
): GenerateAnswer {
  if (raw.prompt !== undefined && !raw.prompt.includes("{text}")) {
    const message = "`prompt` needs `{text}` where the user's turn goes";
    context.report([...path, "generate", "prompt"], message);
  }
  return {
    kind: "generate",
    model: raw.model,
    prompt: raw.prompt ?? null,
    maxTokens: raw.max_tokens ?? DEFAULT_GENERATION.maxTokens,
    stop: raw.stop ?? [],
    timeoutMs: raw.timeout ?? DEFAULT_GENERATION.timeoutMs,
  };
}

/** A FAQ weighs its own match: the route's bounds are the match's, not conditions on a task. */
function faqOf(
  raw: RawAnswer & { readonly faq: string },
  when: RawWhen,
  { context, path }: { readonly context: Context; readonly path: Path },
): Answering {
  const isOwn = raw.confidence !== undefined;
  if (!isOwn && when.confidence !== undefined && !isLeast(when.confidence)) {
    context.report([...path.slice(0, -1), "when", "confidence"], LEAST_MESSAGE);
  }
  const answer = {
    kind: "faq",
    file: raw.faq,
    maxWrong: raw.max_wrong ?? when.max_wrong ?? null,
    confidence: raw.confidence ?? when.confidence ?? null,
  } as const;
  return {
    answer,
    when: {
      ...when,
      max_wrong: raw.max_wrong === undefined ? undefined : when.max_wrong,
      confidence: isOwn ? when.confidence : undefined,
    },
  };
}

interface AnswerPlace {
  readonly context: Context;
  readonly path: Path;
}

function labelOf(
  raw: RawAnswer,
  label: NonNullable<RawAnswer["label"]>,
  place: AnswerPlace,
): LabelAnswer {
  const [head, own] =
    typeof label === "string"
      ? [label, null]
      : ["own", intentsFrom(label, place.context, [...place.path, "label"])];
  const names = namesOf(raw, head, own, place);
  checkWords(raw, head, names, place);
  return {
    kind: "label",
    head,
    names,
    own,
    confidence: raw.confidence ?? { op: ">=", value: DEFAULT_LABEL_CONFIDENCE },
    maxWrong: raw.max_wrong ?? null,
    labels: frozenMap(Object.entries(raw.labels ?? {})),
    format: raw.format ?? null,
    after: raw.after ?? null,
  };
}

function checkWords(
  raw: RawAnswer,
  head: string,
  names: readonly string[],
  { context, path }: AnswerPlace,
): void {
  for (const name of Object.keys(raw.labels ?? {})) {
    if (!names.includes(name))
      context.reportKey([...path, "labels", name], noLabel(head, name, names));
  }
  if (raw.format !== undefined && !raw.format.includes("{label}")) {
    context.report([...path, "format"], "`format` needs `{label}` where the label goes");
  }
}

/** The labels that may be given: those of `among`, else all. */
function namesOf(
  raw: RawAnswer,
  head: string,
  own: readonly Intent[] | null,
  { context, path }: AnswerPlace,
): readonly string[] {
  const all = own?.map(({ name }) => name) ?? labelsOf(head, context);
  const isOwn = own !== null;
  // What was cut out as wrong in form counts as written.
  if (isOwn && context.keys([...path, "label"]).length < 2)
    context.report([...path, "label"], "labels of your own are at least two");
  if (!isOwn && all.length === 0)
    context.report([...path, "label"], "the policy has no intents to label with");
  const { among = all } = raw;
  for (const [at, name] of among.entries()) {
    if (!all.includes(name)) context.report([...path, "among", at], noLabel(head, name, all));
  }
  return among;
}

function noLabel(head: string, name: string, names: readonly string[]): string {
  const called = head === "own" ? "label" : head;
  return `\`${called}\` has no label \`${name}\`${nearestHint(name, names)}`;
}

function labelsOf(head: string, context: Context): readonly string[] {
  switch (head) {
    case "task":
      return TASKS;
    case "sentiment":
      return SENTIMENTS;
    case "language":
      return [...languageNames.keys()];
    case "escalation":
      return ESCALATIONS;
    default:
      return [...context.names("intent")];
  }
}
