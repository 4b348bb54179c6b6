/** Whether two answers say the same, as far as their embeddings and the pair guard can tell: an estimate, never a verdict. */
import type { Classifier, Outcome, TextComparer } from "../core/ports.ts";
import { guard } from "./pair-guard.ts";
import { dot } from "./vectors.ts";

/** Cosines above which two texts are taken to speak of the same, and below which of something else. */
const alike = 0.75;
const unlike = 0.35;
/** What two answers to one question must share; of the rest (who is spoken to, how politely) answers differ freely. */
const decisive: ReadonlySet<string> = new Set(["number", "unit", "date"]);
/** Nobody waits for a comparison. */
const patienceMs = 5000;

/** Compares by the local model. */
export function textComparer(classifier: Classifier): TextComparer {
  return {
    async compare(ours: string, theirs: string): Promise<Outcome> {
      const deadlineMs = performance.now() + patienceMs;
      const [a, b] = await Promise.all(
        [ours, theirs].map((text) => classifier.classify(text, deadlineMs)),
      );
      if (a === undefined || b === undefined || "kind" in a || "kind" in b) return "unclear";
      const cosine = dot(a.embedding, b.embedding);
      if (cosine < unlike) return "disagree";
      const objection = guard(ours, theirs);
      if (objection !== null && decisive.has(objection.kind)) return "disagree";
      return cosine >= alike ? "agree" : "unclear";
    },
  };
}
