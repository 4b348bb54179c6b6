/** The whole list of edits on forwarded header lines, pure; the forward step and the relay use it. */
import { createHash } from "node:crypto";
import {
  headerValue,
  headersWhere,
  headerValues,
  withoutHeaders,
  type HeaderLines,
  type RequestBody,
} from "../core/http.ts";
import type { Provider } from "../core/policy.ts";
import { hopByHopOf, replaced, withLength } from "./framing.ts";

/** What decides about the edits of one call. */
export interface RequestEdits {
  readonly provider: Provider;
  /** Trace lines that take the place of the caller's; empty leaves the caller's as they are. */
  readonly trace: HeaderLines;
  readonly body: RequestBody;
}

/** Answered by our own listener. */
const keptBack = "expect";

/** May carry the application's data to a stranger, so a provider gets it only where the policy says so. */
const baggage = "baggage";

/** Headers of one format of trace context: where one of them is written anew, none of the caller's stays. */
const traceFormats: readonly ReadonlySet<string>[] = [
  new Set(["traceparent", "tracestate"]),
  new Set(["b3", "x-b3-traceid", "x-b3-spanid", "x-b3-parentspanid", "x-b3-sampled", "x-b3-flags"]),
];

/** Where callers put their secrets; in this order a call's credential is fingerprinted. */
export const credentialNames: readonly string[] = [
  "authorization",
  "x-api-key",
  "api-key",
  "x-goog-api-key",
];

/** The caller's header lines as they go to the provider: order, case and duplicates kept, edits made. */
export function requestHeaders(lines: HeaderLines, edits: RequestEdits): HeaderLines {
  const kept = endToEnd(lines, nothingUpheld, edits.provider.sendsBaggage);
  return withLength(edited(kept, edits), edits.body);
}

/** Like `requestHeaders` for a protocol upgrade: `Connection` and `Upgrade` go on as written. */
export function upgradeHeaders(lines: HeaderLines, edits: Omit<RequestEdits, "body">): HeaderLines {
  const kept = endToEnd(lines, upgradeUpheld, edits.provider.sendsBaggage);
  return withLength(edited(kept, edits), { kind: "none" });
}

/** A caller's trailers as they go to the provider: what belongs to one connection or stands for a head is gone. */
export function requestTrailers(lines: HeaderLines): HeaderLines {
  return withoutHeaders(endToEnd(lines, nothingUpheld, false), headOnly);
}

/** A provider's header lines as they go back: only hop-by-hop lines are gone, framing included. */
export function replyHeaders(lines: HeaderLines): HeaderLines {
  return withoutHeaders(lines, hopByHopOf(lines));
}

/** Lines that say where a call goes, for whom, or how long it is: never trailers (RFC 9110, 6.5.1). */
const headOnly: ReadonlySet<string> = new Set(["host", "content-length", ...credentialNames]);

/** A short fingerprint of the credential that the lines carry; "none" when they carry none. */
export function credentialOf(lines: HeaderLines): string {
  const secrets = credentialNames.flatMap((name) => headerValues(lines, name));
  if (secrets.length === 0) return "none";
  return createHash("sha256").update(secrets.join("\n")).digest("hex").slice(0, 16);
}

/** Hop-by-hop names that are meant for the provider all the same. */
const nothingUpheld: ReadonlySet<string> = new Set();
const upgradeUpheld: ReadonlySet<string> = new Set(["connection", "upgrade"]);

function endToEnd(
  lines: HeaderLines,
  upheld: ReadonlySet<string>,
  sendsBaggage: boolean,
): HeaderLines {
  const hops = hopByHopOf(lines);
  return headersWhere(lines, (name) => {
    if (hops.has(name)) return upheld.has(name);
    if (name === keptBack || (name === baggage && !sendsBaggage)) return false;
    return !name.startsWith("x-sidestep-");
  });
}

function edited(lines: HeaderLines, edits: Omit<RequestEdits, "body">): HeaderLines {
  const { provider, trace } = edits;
  const hosted = withHost(lines, provider.url.host);
  const trusted = provider.key === null ? hosted : withKey(hosted, provider, provider.key);
  if (trace.length === 0) return trusted;
  return [...withoutHeaders(trusted, replacedBy(trace)), ...trace];
}

function replacedBy(trace: HeaderLines): ReadonlySet<string> {
  const written = trace.map((text) => text.toLowerCase());
  const formats = traceFormats.filter((format) => written.some((name) => format.has(name)));
  return new Set(formats.flatMap((format) => [...format]));
}

// A Host of the caller's own spelling stays where it stood; one that is missing goes first, as usual.
function withHost(lines: HeaderLines, host: string): string[] {
  if (headerValue(lines, "host") === undefined) return ["Host", host, ...lines];
  return replaced(lines, ["host"], ["Host", host]);
}

// The policy's key takes the place of whatever the caller sent: a caller's secret for another
// provider must not reach this one.
function withKey(lines: HeaderLines, provider: Provider, key: string): string[] {
  const line = provider.protocol === "anthropic-messages" ? ["x-api-key", key] : bearer(key);
  return replaced(lines, credentialNames, line);
}

function bearer(key: string): string[] {
  return ["authorization", `Bearer ${key}`];
}
