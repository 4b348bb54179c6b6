/** Compiles intents, of the policy and of a route's own labels; compile.ts and answers.ts call it. */
import type { Intent } from "../core/policy.ts";
import type { Context } from "./context.ts";
import type { RawIntent } from "./schema-intents.ts";
import type { Path } from "./tree.ts";

/** Intents in the order in which they are written at `path`. */
export function intentsFrom(
  raw: Readonly<Record<string, RawIntent>>,
  context: Context,
  path: Path,
): readonly Intent[] {
  return Object.entries(raw).map(([name, { examples, not = [] }]) => {
    const meant = new Set(examples.map(comparable));
    for (const [at, sentence] of not.entries()) {
      if (!meant.has(comparable(sentence))) continue;
      context.report([...path, name, "not", at], "this sentence is an example of the same intent");
    }
    return { name, examples, not };
  });
}

/** A sentence or word without case, for comparing. */
export function comparable(sentence: string): string {
  return sentence.trim().toLowerCase();
}
