/** Tries a policy anew whose model has given up or could not be fitted to: soon, then ever less often; sidecar.ts holds one. */
import type { LocalClassifier } from "./classifier.ts";

/** What is in force, as far as its model goes. */
export interface Followed {
  readonly classifier: LocalClassifier | null;
  /** Whether nothing that the policy needs of a model is missing. */
  readonly isWhole: boolean;
}

const firstMs = 1000;
const longestMs = 30_000;

/** One wait at a time. */
export class Revival {
  readonly #revive: () => void;
  #waitMs = firstMs;
  #timer: NodeJS.Timeout | undefined;
  #unfollow: () => void = () => undefined;

  constructor(revive: () => void) {
    this.#revive = revive;
  }

  /** What is in force from now on. */
  follow({ classifier, isWhole }: Followed): void {
    this.close();
    if (isWhole && classifier?.state.isFinal !== true) {
      this.#waitMs = firstMs;
      this.#unfollow = classifier?.onChange(({ isFinal }) => isFinal && this.#later()) ?? none;
      return;
    }
    this.#later();
  }

  close(): void {
    clearTimeout(this.#timer);
    this.#unfollow();
  }

  #later(): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(this.#revive, this.#waitMs).unref();
    this.#waitMs = Math.min(longestMs, this.#waitMs * 2);
  }
}

function none(): void {
  // A policy without a model has nothing to follow.
}
