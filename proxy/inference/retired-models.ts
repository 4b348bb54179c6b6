/** Models of earlier policies that some calls may still ask; sidecar.ts holds one set. */
import type { LocalClassifier } from "./classifier.ts";

/** Classifiers on their way out. */
export class RetiredModels {
  readonly #retired = new Set<LocalClassifier>();

  /** Calls that were admitted under the old policy still find their model; then it ends. */
  add(classifier: LocalClassifier | null): void {
    if (classifier === null) return;
    this.#retired.add(classifier);
    classifier.onChange(({ status }) => {
      if (status === "closed") this.#retired.delete(classifier);
    });
    classifier.retire();
  }

  /** Ends those that are left, at once. */
  async close(): Promise<void> {
    await Promise.all([...this.#retired].map((classifier) => classifier.close()));
  }
}
