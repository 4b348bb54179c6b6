/** Wraps ports so that their use is counted and timed; assemble puts these around classifier, store and deliberation. */
import type { Classifier, Store } from "../core/ports.ts";
import type { ClassifyResult, Metrics } from "./metrics.ts";

/** The classifier, with waiting, result and duration counted. */
export function measuredClassifier(classifier: Classifier, metrics: Metrics): Classifier {
  return {
    classify: async (text, deadlineMs) => {
      const startedMs = performance.now();
      metrics.classifying();
      let ending: ClassifyResult = "model_unavailable";
      try {
        const result = await classifier.classify(text, deadlineMs);
        ending = "kind" in result ? result.reason : "ok";
        return result;
      } finally {
        metrics.classified(ending, (performance.now() - startedMs) / 1000);
      }
    },
  };
}

/** The store, with look-ups and writes counted. Faults pass on to the caller. */
export function measuredStore(store: Store, metrics: Metrics): Store {
  return {
    get: async (key) => {
      try {
        const entry = await store.get(key);
        metrics.lookedUp(entry === undefined ? "absent" : "found");
        return entry;
      } catch (fault) {
        metrics.lookedUp("fault");
        throw fault;
      }
    },
    set: async (key, entry) => {
      try {
        await store.set(key, entry);
        metrics.stored("done");
      } catch (fault) {
        metrics.stored("fault");
        throw fault;
      }
    },
  };
}

/** The same work; `observe` is told how many seconds it took and what it was given, also when it fails. */
export function timed<Given extends readonly unknown[], Result>(
  work: (...given: Given) => Promise<Result>,
  observe: (seconds: number, ...given: Given) => void,
): (...given: Given) => Promise<Result> {
  return async (...given) => {
    const startedMs = performance.now();
    try {
      return await work(...given);
    } finally {
      observe((performance.now() - startedMs) / 1000, ...given);
    }
  };
}
