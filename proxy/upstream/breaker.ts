/** One provider's or target's breaker, opossum's state machine fed with how calls ended; the upstream asks. */
import CircuitBreaker from "opossum";
import type { BreakerRule } from "../core/policy.ts";
import type { BreakerState } from "../core/ports.ts";

/** How a call ended, as far as breakers care; `neutral` says nothing about the provider. */
export type CallOutcome = "success" | "failure" | "neutral";

/** A breaker's change of state. */
export interface BreakerChange {
  readonly name: string;
  readonly from: BreakerState["state"];
  readonly to: BreakerState["state"];
}

/** A call's leave to go to the provider. */
export interface Admission {
  /** Called once, when the reply began or failed; the breaker's state has followed when it resolves. */
  settled(outcome: CallOutcome): Promise<void>;
}

/** What a breaker needs besides its rule. `now` is monotonic milliseconds. */
export interface BreakerOptions {
  readonly now: () => number;
  readonly onChange: (change: BreakerChange) => void;
}

/**
 * Counts calls as they end, so that slow ones in flight do not thin out the failures. While open,
 * calls that go through anyway are not counted into the window; one that was begun since and succeeds
 * closes the breaker, as its probe would.
 */
export class Breaker {
  readonly name: string;
  readonly rule: BreakerRule;
  readonly #circuit: CircuitBreaker<[CallOutcome], void>;
  readonly #options: BreakerOptions;
  #state: BreakerState["state"] = "closed";
  /** Counts changes of state, to tell what was begun before the last one. */
  #era = 0;
  #openedAtMs = 0;
  /** When the last probe began that is still on its way; null when there is none. */
  #probedAtMs: number | null = null;

  constructor(name: string, rule: BreakerRule, options: BreakerOptions) {
    this.name = name;
    this.rule = rule;
    this.#options = options;
    this.#circuit = new CircuitBreaker(outcomeAction, {
      name,
      timeout: false,
      // opossum opens above its threshold, the policy's is reached at it.
      errorThresholdPercentage: rule.errorThreshold * 100 - 1e-6,
      rollingCountTimeout: rule.windowMs,
      volumeThreshold: rule.minRequests,
      resetTimeout: rule.cooldownMs,
      rollingPercentilesEnabled: false,
      enableSnapshots: false,
    });
    this.#circuit.on("open", () => this.#changed("open"));
    this.#circuit.on("halfOpen", () => this.#changed("half_open"));
    this.#circuit.on("close", () => this.#changed("closed"));
  }

  get state(): BreakerState {
    const { failures, fires } = this.#circuit.stats;
    return { name: this.name, state: this.#state, failures, requests: fires };
  }

  /** Milliseconds until a call is let through to see whether the provider is back; 0 when not open. */
  get waitMs(): number {
    if (this.#state !== "open") return 0;
    return Math.max(0, this.#openedAtMs + this.rule.cooldownMs - this.#options.now());
  }

  /**
   * Whether only calls without a fallback go through: open, or half-open with its probe on the way. A
   * probe that takes longer than a cooldown is not waited for.
   */
  get isShut(): boolean {
    if (this.#state !== "half_open") return this.#state === "open";
    if (this.#probedAtMs === null) return false;
    return this.#options.now() - this.#probedAtMs < this.rule.cooldownMs;
  }

  /** Leave for a call, or null while only calls without a fallback (`isForced`) may go through. */
  admit(isForced: boolean): Admission | null {
    if (this.isShut && !isForced) return null;
    const isProbe = this.#state === "half_open" && !this.isShut;
    if (isProbe) this.#probedAtMs = this.#options.now();
    const era = this.#era;
    return { settled: (outcome) => this.#settled(outcome, era, isProbe) };
  }

  /** Stops the breaker's timers. */
  close(): void {
    this.#circuit.shutdown();
  }

  async #settled(outcome: CallOutcome, era: number, isProbe: boolean): Promise<void> {
    if (isProbe && era === this.#era) this.#probedAtMs = null;
    if (outcome === "neutral") return;
    // While not closed, what was begun before the last change says nothing about how things are since.
    if (this.#state !== "closed" && era !== this.#era) return;
    if (this.#state === "open") {
      if (outcome === "success") this.#circuit.close();
      return;
    }
    await this.#circuit.fire(outcome).catch(counted);
  }

  #changed(to: BreakerState["state"]): void {
    const from = this.#state;
    this.#state = to;
    this.#era += 1;
    this.#probedAtMs = null;
    if (to === "open") this.#openedAtMs = this.#options.now();
    this.#options.onChange({ name: this.name, from, to });
  }
}

function outcomeAction(outcome: CallOutcome): Promise<void> {
  return outcome === "success" ? Promise.resolve() : Promise.reject(new Error("the call failed"));
}

function counted(): void {
  // The rejection is how opossum is told of a failure.
}
