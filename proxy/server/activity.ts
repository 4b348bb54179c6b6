/** Counts what is going on at the data listener; drain and metrics ask. */

/** The numbers at one moment. */
export interface ActivityCounts {
  readonly connections: number;
  /** Calls that are being served. */
  readonly calls: number;
  /** Upgraded connections, from the call that asks for it on. */
  readonly tunnels: number;
  /** Calls and tunnels since the start. */
  readonly served: number;
}

/** The counters, kept by listen. */
export class Activity {
  #connections = 0;
  #calls = 0;
  #tunnels = 0;
  #served = 0;
  readonly #watchers = new Set<() => void>();

  get counts(): ActivityCounts {
    return {
      connections: this.#connections,
      calls: this.#calls,
      tunnels: this.#tunnels,
      served: this.#served,
    };
  }

  connected(by: 1 | -1): void {
    this.#connections += by;
  }

  /** Counts a call for as long as `work` takes. */
  async during(kind: "call" | "tunnel", work: Promise<void>): Promise<void> {
    this.#served += 1;
    this.#change(kind, 1);
    await work;
    this.#change(kind, -1);
  }

  /** Calls `hear` whenever a call begins or ends; returns how to stop. */
  watch(hear: () => void): () => void {
    this.#watchers.add(hear);
    return () => {
      this.#watchers.delete(hear);
    };
  }

  #change(kind: "call" | "tunnel", by: 1 | -1): void {
    if (kind === "call") this.#calls += by;
    else this.#tunnels += by;
    for (const hear of this.#watchers) hear();
  }
}
