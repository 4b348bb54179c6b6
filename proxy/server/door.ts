/** Lets in as many callers as there is room for: connections, and streams of HTTP/2 beyond a connection's first; listen keeps it. */

/** What the door goes by, and whom it tells. */
export interface DoorParts {
  readonly most: () => number;
  /** Ends connections on which nothing goes on; gives how many that were. */
  readonly makeRoom: () => number;
  readonly turnedAway: () => void;
}

/** Looking for room goes through every connection, so it is not done for each of a flood of callers. */
const lookEveryMs = 50;

/** The number of callers inside. */
export class Door {
  readonly #parts: DoorParts;
  #inside = 0;
  /** Told to end, and not gone yet. */
  #leaving = 0;
  #lookedAtMs = -Infinity;

  constructor(parts: DoorParts) {
    this.#parts = parts;
  }

  /** Whether one more may come in; if so it counts until it leaves. */
  enter(): boolean {
    if (!this.#hasRoom() && !this.#hasMadeRoom()) {
      this.#parts.turnedAway();
      return false;
    }
    this.#inside += 1;
    return true;
  }

  leave(): void {
    this.#inside -= 1;
    this.#leaving = Math.max(0, this.#leaving - 1);
  }

  #hasRoom(): boolean {
    return this.#inside - this.#leaving < this.#parts.most();
  }

  #hasMadeRoom(): boolean {
    const nowMs = performance.now();
    if (nowMs - this.#lookedAtMs < lookEveryMs) return false;
    this.#lookedAtMs = nowMs;
    this.#leaving += this.#parts.makeRoom();
    return this.#hasRoom();
  }
}
