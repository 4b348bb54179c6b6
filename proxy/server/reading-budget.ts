/** Bounds what is held of calls that are read along, over all of them; receive takes from it, serve gives back. */
import type { Capacity } from "./capacity.ts";

/** What one call holds. */
export interface ReadingShare {
  /** Takes room for so many bytes; false when there is none left. */
  take(bytes: number): boolean;
  /** Gives everything back; called as often as one likes. */
  release(): void;
}

/** The budget of one listener. */
export class ReadingBudget {
  #calls = 0;
  #bytes = 0;

  /** A share for a call of at least `bytes`; null when there is no room for it. */
  open(capacity: Pick<Capacity, "calls" | "bodyBytes">, bytes: number): ReadingShare | null {
    if (this.#calls >= capacity.calls || this.#bytes + bytes > capacity.bodyBytes) return null;
    this.#calls += 1;
    let taken = 0;
    let isOpen = true;
    return {
      take: (more) => {
        if (!isOpen || this.#bytes + more > capacity.bodyBytes) return false;
        taken += more;
        this.#bytes += more;
        return true;
      },
      release: () => {
        if (!isOpen) return;
        isOpen = false;
        this.#calls -= 1;
        this.#bytes -= taken;
      },
    };
  }
}
