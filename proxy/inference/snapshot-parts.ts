/** Fits what a policy needs of the model: its intents and its FAQs; called by assemble.ts at load and at each reload. */
import type { Intent, Policy } from "../core/policy.ts";
import type { FaqIndex, IntentScorer } from "../core/ports.ts";
import { readCalibration, type Calibration } from "./calibration.ts";
import type { LocalClassifier } from "./classifier.ts";
import { indexFaq } from "./faq.ts";
import { fitIntents } from "./intents.ts";

/** The fitted parts of a policy's snapshot. */
export interface SnapshotParts {
  readonly intents: IntentScorer | null;
  /** By FAQ file name as the routes write it. */
  readonly faqs: ReadonlyMap<string, FaqIndex>;
  /** Routes' own labels, by the list that a label answer holds. */
  readonly labels: ReadonlyMap<readonly Intent[], IntentScorer>;
}

interface Memory {
  readonly intents: Map<string, Promise<IntentScorer | null>>;
  readonly faqs: Map<string, Promise<FaqIndex>>;
}

// What was fitted for the last policies of each classifier: a reload fits only what changed.
const memories = new WeakMap<LocalClassifier, Memory>();
const kept = 32;

/** Waits for the model; rejects when there will be none, and then the policy runs without these parts. */
export async function fitSnapshotParts(
  policy: Policy,
  classifier: LocalClassifier,
): Promise<SnapshotParts> {
  const embed = classifier.embed.bind(classifier);
  // Waits until a model is loaded, so that the key below names the one that runs.
  await embed([]);
  const model = classifier.state.model;
  const calibration = calibrationOf(model?.folder ?? null);
  const memory = memories.get(classifier) ?? { intents: new Map(), faqs: new Map() };
  memories.set(classifier, memory);
  const fit = (intents: readonly Intent[]): Promise<IntentScorer | null> =>
    remembered(memory.intents, keyOf(model?.digest, intents), async () =>
      fitIntents(intents, embed, await calibration(), (examples) => classifier.fit(examples)),
    );
  const intents = fit(policy.intents);
  const labels = Promise.all(ownLabels(policy).map(async (own) => [own, await fit(own)] as const));
  const faqs = [...policy.faqs].map(async ([file, faq]) => {
    const key = keyOf(model?.digest, faq.entries);
    return [
      file,
      await remembered(memory.faqs, key, async () => indexFaq(faq, embed, await calibration())),
    ] as const;
  });
  return {
    intents: await intents,
    faqs: new Map(await Promise.all(faqs)),
    labels: new Map((await labels).flatMap(([own, fitted]) => (fitted ? [[own, fitted]] : []))),
  };
}

function ownLabels(policy: Policy): readonly (readonly Intent[])[] {
  return policy.routes.flatMap(({ action }) => {
    if (action.kind !== "answer" || action.answer.kind !== "label") return [];
    return action.answer.own === null ? [] : [action.answer.own];
  });
}

/** Reads when first asked: a reload that fits nothing anew needs neither the file nor the dictionary. */
function calibrationOf(folder: string | null): () => Promise<Calibration | null> {
  let reading: Promise<Calibration | null> | null = null;
  return () => (reading ??= folder === null ? Promise.resolve(null) : readCalibration(folder));
}

function keyOf(digest: string | undefined, part: unknown): string {
  return JSON.stringify([digest, part]);
}

async function remembered<T>(
  memory: Map<string, Promise<T>>,
  key: string,
  make: () => Promise<T>,
): Promise<T> {
  const known = memory.get(key);
  if (known !== undefined) return await known;
  const made = make();
  memory.set(key, made);
  for (const oldest of memory.keys()) {
    if (memory.size <= kept) break;
    memory.delete(oldest);
  }
  try {
    return await made;
  } catch (error) {
    memory.delete(key);
    throw error;
  }
}
