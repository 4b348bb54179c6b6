/** forward: the innermost step; sends the caller's own bytes on and hands back the provider's reply. */
import { SidestepError } from "../core/errors.ts";
import type { HeaderLines, RequestBody } from "../core/http.ts";
import type { Step } from "../core/layer.ts";
import type { Upstream, UpstreamCall, UpstreamFault } from "../core/ports.ts";
import type { TracedAttempt } from "../core/tracing.ts";
import type { Judged } from "../core/received.ts";
import type { Reply, UpstreamReply } from "../core/reply.ts";
import { credentialOf, requestHeaders } from "../upstream/edits.ts";
import { splice } from "../wire/splice.ts";
import {
  breakerName,
  destinationOf,
  editsOf,
  upstreamPath,
  type Destination,
} from "./destination.ts";
import { unobserved, verdictOf } from "./judged.ts";

/** What forward asks for. */
export interface ForwardParts {
  readonly upstream: Upstream;
}

/** Thrown to rescue when the provider failed before its first byte. */
export class UpstreamFailed extends Error {
  readonly fault: UpstreamFault;
  readonly waitedMs: number;

  constructor(fault: UpstreamFault, waitedMs: number) {
    super(fault.reason);
    this.name = "UpstreamFailed";
    this.fault = fault;
    this.waitedMs = waitedMs;
  }
}

/** The step that calls the provider; throws UpstreamFailed, or SidestepError when no provider is named. */
export function forward(parts: ForwardParts): Step<Judged> {
  return async (judged) => {
    const destination = destinationOf(judged);
    if (destination === null) throw new SidestepError("sidestep_provider_unknown");
    const sentAtMs = performance.now();
    const sent = await parts.upstream.send(callOf(judged, destination), false);
    const waitedMs = performance.now() - sentAtMs;
    if ("kind" in sent) throw new UpstreamFailed(sent, waitedMs);
    return relayed(judged, destination, sent, waitedMs);
  };
}

function relayed(
  judged: Judged,
  destination: Destination,
  upstream: UpstreamReply,
  waitedMs: number,
): Reply {
  const reason = destination.isUnsuitable ? "target_unsuitable" : judged.reason;
  const verdict = verdictOf(judged, "forwarded", reason, {
    provider: destination.provider.name,
    target: destination.target?.name ?? null,
    waitedMs,
  });
  return { kind: "relay", upstream, tap: null, verdict, ended: unobserved };
}

function callOf(judged: Judged, destination: Destination): UpstreamCall {
  const { provider } = destination;
  const body = bodyFor(judged, destination);
  const protocol = judged.reading.kind === "view" ? judged.reading.view.protocol : null;
  const model = modelOf(judged, destination);
  const attempted = { provider, protocol, model: model === "" ? null : model };
  const trace = judged.span?.attempt(attempted) ?? [];
  const headers = requestHeaders(judged.head.headers, { provider, trace, body });
  return {
    provider,
    method: judged.head.method,
    path: upstreamPath(destination),
    headers,
    again: trace.length === 0 ? undefined : resending(judged, attempted, body),
    body,
    signal: judged.signal,
    account: accountWith(headers, judged, destination),
  };
}

/** Headers of further attempts, each under a span of its own. */
function resending(judged: Judged, attempted: TracedAttempt, body: RequestBody) {
  return (): HeaderLines => {
    const trace = judged.span?.attempt(attempted) ?? [];
    return requestHeaders(judged.head.headers, { provider: attempted.provider, trace, body });
  };
}

type NamedAccount = UpstreamCall["account"];

/** Which breaker and rate limit the call counts for, without making the call. */
export function accountOf(judged: Judged, destination: Destination): NamedAccount {
  const edits = { provider: destination.provider, trace: [], body: judged.body };
  return accountWith(requestHeaders(judged.head.headers, edits), judged, destination);
}

function accountWith(headers: HeaderLines, judged: Judged, destination: Destination): NamedAccount {
  return new CallAccount(breakerName(destination), modelOf(judged, destination), headers);
}

/** Not a literal with a getter: each of those leaves an old shape behind that holds on to the call. */
class CallAccount implements NamedAccount {
  readonly breaker: string;
  readonly model: string;
  readonly #headers: HeaderLines;

  constructor(breaker: string, model: string, headers: HeaderLines) {
    this.breaker = breaker;
    this.model = model;
    this.#headers = headers;
  }

  /** A hash, which nobody asks for while no provider has told anybody to wait. */
  get credential(): string {
    return credentialOf(this.#headers);
  }
}

function modelOf(judged: Judged, destination: Destination): string {
  const asked = judged.reading.kind === "view" ? judged.reading.view.model : "";
  return destination.target?.model ?? asked;
}

/** The caller's own bytes; with a target's model and parameters spliced in where that surely works. */
function bodyFor(judged: Judged, destination: Destination): RequestBody {
  const edits = editsOf(destination.target);
  if (edits.size === 0 || judged.body.kind !== "whole") return judged.body;
  const bytes = splice(judged.body.bytes, edits);
  return bytes === null ? judged.body : { kind: "whole", bytes };
}
