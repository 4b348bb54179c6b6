/** The way to the cloud: pool, breakers and rate limits behind the core's ports; assemble.ts makes one. */
import type {
  Tunnel,
  UpgradeCall,
  UpgradePort,
  Upstream,
  UpstreamCall,
  UpstreamFault,
} from "../core/ports.ts";
import type { UpstreamReply } from "../core/reply.ts";
import { attempt } from "./attempt.ts";
import type { BreakerChange, CallOutcome } from "./breaker.ts";
import { Breakers } from "./breakers.ts";
import { faultOf } from "./failure.ts";
import { Pool } from "./pool.ts";
import type { Environment } from "./proxy-rule.ts";
import { RateLimits } from "./rate-limit.ts";
import type { Exchanged } from "./relay.ts";
import { upgrade } from "./upgrade.ts";

/** What an upstream is made of. */
export interface UpstreamOptions {
  /** HTTPS_PROXY, HTTP_PROXY, NO_PROXY (or lower case) and NODE_EXTRA_CA_CERTS are read from it. */
  readonly env: Environment;
  /** Further files of PEM certificates to trust. */
  readonly caFiles?: readonly string[];
  /** Told of every breaker that opens, half-opens or closes. */
  readonly onChange?: (change: BreakerChange) => void;
  /** Monotonic milliseconds; performance.now unless given. */
  readonly now?: () => number;
}

/** The upstream with its lifetime. */
export interface ClosableUpstream extends Upstream, UpgradePort {
  /** Ends every connection, calls in flight included; later calls are faults. */
  close(): Promise<void>;
}

/**
 * An upstream; it keeps connections and breakers across policy reloads.
 * Throws when a proxy's URL or an authority file cannot be used.
 */
export function createUpstream(options: UpstreamOptions): ClosableUpstream {
  return new PooledUpstream(options);
}

const closedFault: UpstreamFault = {
  kind: "fault",
  reason: "upstream_unreachable",
  detail: "shutting down",
  retryAfterMs: null,
  isRetried: false,
};

class PooledUpstream implements ClosableUpstream {
  readonly #pool: Pool;
  readonly #breakers: Breakers;
  readonly #limits: RateLimits;
  #isClosed = false;

  constructor(options: UpstreamOptions) {
    const now = options.now ?? (() => performance.now());
    this.#pool = new Pool({ env: options.env, caFiles: options.caFiles ?? [] });
    this.#breakers = new Breakers({ now, onChange: options.onChange ?? unheard });
    this.#limits = new RateLimits(now);
  }

  async send(call: UpstreamCall, hasFallback: boolean): Promise<UpstreamReply | UpstreamFault> {
    if (this.#isClosed) return closedFault;
    const { account, provider } = call;
    const waitMs = hasFallback ? this.#limits.waitMs(account) : 0;
    if (waitMs > 0) return refused("rate limited", waitMs);
    const breaker = this.#breakers.of(account.breaker, provider.breaker);
    const admission = breaker.admit(!hasFallback);
    if (admission === null) return refused("breaker open", breaker.waitMs);
    const result = await attempt(this.#pool, call);
    await admission.settled(outcomeOf(result));
    if ("kind" in result) return faultOf(result);
    this.#limits.note(account, result.status, result.headers);
    return result;
  }

  async tunnel(call: UpgradeCall): Promise<Tunnel | UpstreamReply | UpstreamFault> {
    if (this.#isClosed) return closedFault;
    const result = await upgrade(this.#pool, call);
    return "kind" in result && result.kind === "failure" ? faultOf(result) : result;
  }

  isDown(name: string): boolean {
    return this.#breakers.isShut(name);
  }

  isLimited(account: UpstreamCall["account"]): boolean {
    return this.#limits.waitMs(account) > 0;
  }

  breakers(): ReturnType<Upstream["breakers"]> {
    return this.#breakers.states();
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    this.#pool.close();
    this.#breakers.close();
  }
}

/** What a call's beginning says of its provider: 4xx and callers who left say nothing bad. */
function outcomeOf(result: Exchanged): CallOutcome {
  if (!("kind" in result)) return result.status >= 500 ? "failure" : "success";
  return result.isProviders ? "failure" : "neutral";
}

// Half-open with its probe on the way, a breaker cannot say how long: null.
function refused(detail: string, waitMs: number): UpstreamFault {
  const retryAfterMs = waitMs > 0 ? waitMs : null;
  return { kind: "fault", reason: "breaker_open", detail, retryAfterMs, isRetried: false };
}

function unheard(): void {
  // Nobody asked to be told.
}
