/** template: a text of the policy in the caller's language, with slots filled from the caller's own words. */
import type { AnswerSpec } from "../core/policy.ts";
import type { AnswerContext, Said } from "../core/ports.ts";
import { spoken } from "./spoken.ts";

type Template = Extract<AnswerSpec, { kind: "template" }>;

/** Declines when there is no text in the caller's language, or a slot finds nothing. */
export function template(spec: Template, context: AnswerContext): Said {
  const text = textFor(spec.texts, context.signals.cheap.language);
  if (text === undefined) return { kind: "decline", reason: "template_language_missing" };
  const filled = fill(text, spec.slots, context.view.text);
  if (filled === null) return { kind: "decline", reason: "template_slot_missing" };
  return spoken(filled, "answered_template", context);
}

/** The caller's language, else the text for every language, else English for text of no clear language. */
function textFor(texts: ReadonlyMap<string, string>, language: string): string | undefined {
  const own = texts.get(language) ?? texts.get("*");
  return own ?? (language === "und" ? texts.get("en") : undefined);
}

function fill(text: string, slots: ReadonlyMap<string, RegExp>, said: string): string | null {
  let filled = text;
  for (const [name, pattern] of slots) {
    if (!text.includes(`{${name}}`)) continue;
    const match = pattern.exec(said);
    const value = match?.[1] ?? match?.[0];
    if (value === undefined || value === "") return null;
    filled = filled.replaceAll(`{${name}}`, () => value);
  }
  return filled;
}
