/** What is counted of providers and targets: calls by how they began, load, and how long they take to begin; made by metrics. */
import type { BreakerState, Tunnel, UpstreamFault } from "../core/ports.ts";
import type { UpstreamReply } from "../core/reply.ts";
import type { Instruments } from "./instruments.ts";
import type { LabelCap } from "./label-cap.ts";

/** How a call to a provider began, or why it did not. */
export type UpstreamResult =
  | "ok"
  | "client_error"
  | "rate_limited"
  | "server_error"
  | "unreachable"
  | "timeout"
  | "reset"
  | "invalid"
  | "held_back"
  | "caller_gone";

const faultResults: Readonly<Record<UpstreamFault["reason"], UpstreamResult>> = {
  upstream_unreachable: "unreachable",
  upstream_timeout: "timeout",
  upstream_reset: "reset",
  upstream_invalid: "invalid",
  breaker_open: "held_back",
  caller_gone: "caller_gone",
};

/** What a reply's head, or its absence, counts as. */
export function upstreamResultOf(sent: UpstreamReply | UpstreamFault | Tunnel): UpstreamResult {
  if ("kind" in sent) return sent.kind === "tunnel" ? "ok" : faultResults[sent.reason];
  if (sent.status === 429) return "rate_limited";
  if (sent.status >= 500) return "server_error";
  return sent.status >= 400 ? "client_error" : "ok";
}

/** Figures by provider or target. */
export class UpstreamMetrics {
  readonly #instruments: Instruments;
  readonly #names: LabelCap;
  readonly #inFlight: Map<string, number> = new Map();

  constructor(instruments: Instruments, names: LabelCap) {
    this.#instruments = instruments;
    this.#names = names;
  }

  /** A call is under way; the returned function says, once, that its last byte has come or never will. */
  calling(name: string): () => void {
    const upstream = this.#names.label(name);
    this.#load(upstream, 1);
    let isOver = false;
    return () => {
      if (!isOver) this.#load(upstream, -1);
      isOver = true;
    };
  }

  /** A reply began after `seconds`, or it did not come. */
  called(name: string, result: UpstreamResult, seconds: number): void {
    const upstream = this.#names.label(name);
    this.#instruments.add("sidestep_upstream_calls_total", { upstream, result });
    if (result === "held_back" || result === "caller_gone") return;
    this.#instruments.seconds("sidestep_upstream_first_byte_seconds", { upstream }, seconds);
  }

  breakerChanged(name: string, to: BreakerState["state"]): void {
    const upstream = this.#names.label(name);
    this.#instruments.add("sidestep_breaker_changes_total", { upstream, to });
  }

  #load(upstream: string, by: 1 | -1): void {
    const count = (this.#inFlight.get(upstream) ?? 0) + by;
    this.#inFlight.set(upstream, count);
    this.#instruments.set("sidestep_upstream_in_flight", { upstream }, count);
  }
}
