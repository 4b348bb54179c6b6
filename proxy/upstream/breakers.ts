/** All breakers by name, made on first use and dropped when long unused; the upstream keeps one of these. */
import { LRUCache } from "lru-cache";
import type { BreakerRule } from "../core/policy.ts";
import type { BreakerState } from "../core/ports.ts";
import { Breaker, type BreakerOptions } from "./breaker.ts";

/** Most breakers kept; the longest unused is dropped first. */
const mostBreakers = 256;

/** A breaker that no call used for this long is dropped: its provider is not in use any more. */
const unusedMs = 900_000;

/** Breakers by name. */
export class Breakers {
  readonly #options: BreakerOptions;
  readonly #byName: LRUCache<string, Breaker>;

  constructor(options: BreakerOptions) {
    this.#options = options;
    this.#byName = new LRUCache({
      max: mostBreakers,
      ttl: unusedMs,
      ttlResolution: 0,
      updateAgeOnGet: true,
      perf: { now: options.now },
      dispose: (breaker) => breaker.close(),
    });
  }

  /** The breaker of that name; a new one when its rule changed. */
  of(name: string, rule: BreakerRule): Breaker {
    const known = this.#byName.get(name);
    if (known !== undefined && isSame(known.rule, rule)) return known;
    const breaker = new Breaker(name, rule, this.#options);
    this.#byName.set(name, breaker);
    return breaker;
  }

  isShut(name: string): boolean {
    return this.#byName.peek(name)?.isShut === true;
  }

  /** By name. */
  states(): BreakerState[] {
    this.#byName.purgeStale();
    const states = [...this.#byName.values()].map((breaker) => breaker.state);
    return states.toSorted((one, other) => (one.name < other.name ? -1 : 1));
  }

  close(): void {
    this.#byName.clear();
  }
}

function isSame(one: BreakerRule, other: BreakerRule): boolean {
  return (
    one.errorThreshold === other.errorThreshold &&
    one.windowMs === other.windowMs &&
    one.minRequests === other.minRequests &&
    one.cooldownMs === other.cooldownMs
  );
}
