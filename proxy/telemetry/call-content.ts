/** What was asked and said, as span attributes, where the environment asks for it: masked, cut, in the conventions' JSON; used by call-trace. */
import type { Attributes } from "@opentelemetry/api";
import type { RequestView } from "../core/request.ts";
import { names } from "./attribute-names.ts";
import { maskedContent } from "./content-mask.ts";

/** Characters of each text that are kept. */
const mostChars = 500;

/** Turns that are kept, the last ones. */
const mostTurns = 8;

/** The call's system prompt and turns. */
export function askedAttributes({ system, turns }: RequestView): Attributes {
  const messages = turns.slice(-mostTurns).map(({ role, text }) => ({ role, parts: [part(text)] }));
  const asked = { [names.inputMessages]: JSON.stringify(messages) };
  if (system === null) return asked;
  return { ...asked, [names.systemInstructions]: JSON.stringify([part(system)]) };
}

/** The reply's text, and why it ended, where the provider said. */
export function saidAttributes(text: string, finishReasons: readonly string[]): Attributes {
  const [finish_reason = "unknown"] = finishReasons;
  const message = { role: "assistant", parts: [part(text)], finish_reason };
  return { [names.outputMessages]: JSON.stringify([message]) };
}

function part(text: string): { readonly type: "text"; readonly content: string } {
  return { type: "text", content: maskedContent(text, mostChars) };
}
