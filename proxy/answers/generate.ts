/** generate: a text that the user's own small model writes for the call; whatever goes wrong is a decline. */
import type { GenerateAnswer } from "../core/policy.ts";
import type { AnswerContext, ChatMessage, Generator, Said } from "../core/ports.ts";
import type { RequestView } from "../core/request.ts";
import { spoken } from "./spoken.ts";

/** Declines when the caller wants JSON, and when the model gives no whole text in time. */
export async function generate(
  spec: GenerateAnswer,
  context: AnswerContext,
  generator: Generator,
): Promise<Said> {
  const { view, isRehearsal = false } = context;
  if (view.format.kind !== "text") return { kind: "decline", reason: "format_unsatisfied" };
  if (isRehearsal) return rehearsed(spec, context, generator);
  const generated = await generator.generate({
    spec,
    messages: messagesFor(spec, view),
    plain: spec.prompt === null ? view.text : filled(spec.prompt, view.text),
    fromCaller: [view.system ?? "", ...view.turns.map(({ text }) => text)],
    maxTokens: Math.min(spec.maxTokens, view.maxTokens ?? spec.maxTokens),
    signal: context.signal ?? new AbortController().signal,
  });
  if (generated.kind === "fault") return { kind: "decline", reason: generated.reason };
  return spoken(generated.text, "answered_generated", context);
}

/** What would be said of a call that is only observed, without the seconds that a text takes. */
function rehearsed(spec: GenerateAnswer, context: AnswerContext, generator: Generator): Said {
  if (generator.isReady(spec.model)) return spoken("", "answered_generated", context);
  return { kind: "decline", reason: "generator_unavailable" };
}

function messagesFor({ prompt }: GenerateAnswer, view: RequestView): readonly ChatMessage[] {
  if (prompt !== null) return [{ role: "user", content: filled(prompt, view.text) }];
  const turns = view.turns.map(({ role, text }) => ({ role, content: text }));
  return view.system === null ? turns : [{ role: "system", content: view.system }, ...turns];
}

function filled(prompt: string, text: string): string {
  return prompt.replaceAll("{text}", () => text);
}
