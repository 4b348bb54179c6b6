/** Why an exchange ended before the provider's reply began; attempts, breakers and callers read it. */
import type { UpstreamFault } from "../core/ports.ts";
import { DialError, isShortage } from "./dial.ts";

/** A failure before the first byte of a reply. */
export interface Failure {
  readonly kind: "failure";
  readonly reason: Exclude<UpstreamFault["reason"], "breaker_open">;
  /** For logs: our own words and an error code, never a message of others. */
  readonly detail: string;
  /** True when the provider has surely seen nothing of the call. */
  readonly isUnsent: boolean;
  /** True when a kept connection turned out closed before anything was sent on it. */
  readonly isStale: boolean;
  /** True when a kept connection broke without a byte of reply: the provider may have read the call, or not. */
  readonly isUnheard?: boolean;
  /** True when it speaks against the provider, so that its breaker counts it. */
  readonly isProviders: boolean;
  /** True when it is the last of several attempts. */
  readonly isRetried?: boolean;
}

/** The caller went away first; nobody's fault. */
export const callerGone: Failure = {
  kind: "failure",
  reason: "caller_gone",
  detail: "the caller went away",
  isUnsent: false,
  isStale: false,
  isProviders: false,
};

/** The head did not come in time. */
export const headLate: Failure = {
  kind: "failure",
  reason: "upstream_timeout",
  detail: "no reply within the first-byte limit",
  isUnsent: false,
  isStale: false,
  isProviders: true,
};

/** The connection was closed without a reply, or with one that nobody asked for. */
export const closedEarly: Failure = {
  kind: "failure",
  reason: "upstream_reset",
  detail: "connection closed without a reply",
  isUnsent: false,
  isStale: false,
  isProviders: true,
};

/** A kept connection was closed by the provider before anything was sent on it. */
export const stale: Failure = {
  kind: "failure",
  reason: "upstream_reset",
  detail: "kept connection was closed",
  isUnsent: true,
  isStale: true,
  isProviders: true,
};

/** The proxy in between wants to know who we are. */
export const proxyRefused: Failure = {
  kind: "failure",
  reason: "upstream_unreachable",
  detail: "no connection: PROXY_407",
  isUnsent: true,
  isStale: false,
  isProviders: true,
};

/** The reply has a status that HTTP does not know, and that no server writes on. */
export const statusUnknown: Failure = {
  kind: "failure",
  reason: "upstream_invalid",
  detail: "invalid http: status",
  isUnsent: false,
  isStale: false,
  isProviders: true,
};

/** The request's head cannot be written at all. */
export function unsendable(error: unknown): Failure {
  return {
    kind: "failure",
    reason: "upstream_unreachable",
    detail: `request not sendable: ${codeOf(error)}`,
    isUnsent: false,
    isStale: false,
    isProviders: false,
  };
}

/** What an error of the client request means. */
export function failureOf(error: unknown): Failure {
  if (error instanceof DialError) return dialFailure(error);
  const code = codeOf(error);
  const isInvalid = code.startsWith("HPE_");
  return {
    kind: "failure",
    reason: isInvalid ? "upstream_invalid" : "upstream_reset",
    detail: isInvalid ? `invalid http: ${code}` : `connection broke: ${code}`,
    isUnsent: false,
    isStale: false,
    isProviders: true,
  };
}

/** The failure as the port speaks of it. */
export function faultOf(failure: Failure): UpstreamFault {
  const { reason, detail, isRetried = false } = failure;
  return { kind: "fault", reason, detail, retryAfterMs: null, isRetried };
}

function dialFailure(error: DialError): Failure {
  return {
    kind: "failure",
    reason: error.isTimeout ? "upstream_timeout" : "upstream_unreachable",
    detail: error.message,
    isUnsent: true,
    isStale: false,
    isProviders: !isShortage(error),
  };
}

function codeOf(error: unknown): string {
  if (!(error instanceof Error) || !("code" in error)) return "UNKNOWN";
  return typeof error.code === "string" ? error.code : "UNKNOWN";
}
