/** Keys of the exact store: a digest over everything that can change a reply; used by recall and remember. */
import { createHash } from "node:crypto";
import { headerValues, type HeaderLines } from "../core/http.ts";
import type { CacheRule } from "../core/policy.ts";
import type { Json, JsonObject, RequestView } from "../core/request.ts";
import { canonicalJson } from "./canonical-json.ts";

/** One call, as far as its reply depends on it. */
export interface CacheCall {
  /** Name of the provider (and target) that would reply. */
  readonly provider: string;
  /** Path and query as written, without a provider prefix. */
  readonly path: string;
  /** The caller's header lines; those that cannot change a reply are left out here. */
  readonly headers: HeaderLines;
  /** Its name, where the policy names callers: then no credential stands in the headers. */
  readonly caller: string | null;
  readonly body: JsonObject;
  readonly scope: CacheRule["scope"];
  /** Whose call it is; counts under scope "user" only. */
  readonly identity: string | null;
  /** The body as sent; tells numbers apart that parsing merges. Wanted only where the body has such numbers. */
  readonly bytes?: Buffer | undefined;
}

/** Raised when what the digest covers changes, so that no old entry is read under a new meaning. */
const version = 2;

/**
 * The two forms of one reply share a key: the codecs turn one into the other when it is served. Of a
 * stream they know these options; any other one is part of the key.
 */
const formOptions: ReadonlySet<string> = new Set(["include_usage", "include_obfuscation"]);

/** Who asks, not what is asked: left out of global keys only. */
const userFields: ReadonlySet<string> = new Set(["user", "safety_identifier"]);

/**
 * Request headers that cannot change what a provider says. Any other header is part of the key, among
 * them credentials, versions, betas, organisation, project, accept-language and cookies.
 * `accept` and `accept-encoding` choose a form only: replies are stored decoded, and the body's `stream`
 * decides between JSON and events.
 */
const ignoredHeaders: ReadonlySet<string> = new Set([
  // One connection's own.
  "connection",
  "content-length",
  "expect",
  "host",
  "http2-settings",
  "keep-alive",
  "proxy-authenticate",
  "proxy-authorization",
  "proxy-connection",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
  // The form of the reply.
  "accept",
  "accept-encoding",
  // Who sends, and how it is followed.
  "date",
  "dnt",
  "forwarded",
  "idempotency-key",
  "priority",
  "traceparent",
  "tracestate",
  "baggage",
  "b3",
  "x-b3-flags",
  "x-b3-parentspanid",
  "x-b3-sampled",
  "x-b3-spanid",
  "x-b3-traceid",
  "sentry-trace",
  "uber-trace-id",
  "user-agent",
  "via",
  "x-amzn-trace-id",
  "x-client-request-id",
  "x-cloud-trace-context",
  "x-correlation-id",
  // The way here; others of this family name users, their tokens and certificates.
  "x-forwarded-for",
  "x-forwarded-host",
  "x-forwarded-port",
  "x-forwarded-prefix",
  "x-forwarded-proto",
  "x-forwarded-scheme",
  "x-forwarded-server",
  "x-real-ip",
  "x-request-id",
  // What the caller wants of caches; recall reads it.
  "cache-control",
  "pragma",
]);

const ignoredPrefixes: readonly string[] = [
  "sec-ch-",
  "sec-fetch-",
  "x-b3-",
  "x-datadog-",
  "x-envoy-",
  "x-sidestep-",
  "x-stainless-",
];

/** What programs write when they know no user: such calls are nobody's. */
const nobody: ReadonlySet<string> = new Set([
  "",
  "undefined",
  "null",
  "none",
  "nan",
  "[object object]",
  "anonymous",
  "unknown",
]);

/** SHA-256 in hex over a canonical form of the call. */
export function cacheKey(call: CacheCall): string {
  const body = canonicalJson(relevantBody(call.body, call.scope));
  const head = canonicalJson({
    version,
    provider: call.provider,
    path: call.path,
    headers: relevantHeaders(call.headers),
    caller: call.caller,
    scope: call.scope,
    identity: call.scope === "user" ? call.identity : null,
  });
  const hash = createHash("sha256").update(`${head.text}\n${body.text}\n`);
  if (!body.isExact && call.bytes !== undefined) hash.update(call.bytes);
  return hash.digest("hex");
}

/** Whose reply it is under scope "user"; null when the call does not say, and then nothing is stored or served. */
export function identityOf(
  rule: CacheRule,
  view: RequestView,
  headers: HeaderLines,
): string | null {
  if (rule.scope === "global") return null;
  const said = namedIdentity(rule.identity, view, headers);
  return said === null || nobody.has(said.trim().toLowerCase()) ? null : said;
}

function namedIdentity(
  place: CacheRule["identity"],
  view: RequestView,
  headers: HeaderLines,
): string | null {
  switch (place.kind) {
    case "protocol":
      return view.protocol === "openai-chat" ? view.user : view.metadataUserId;
    case "body.user":
      return view.user;
    case "body.metadata.user_id":
      return view.metadataUserId;
    case "header": {
      const values = headerValues(headers, place.name.toLowerCase()).map((value) => value.trim());
      return values.length === 0 || values.includes("") ? null : values.join(", ");
    }
  }
}

function relevantBody(body: JsonObject, scope: CacheRule["scope"]): JsonObject {
  const { stream: _stream, stream_options: options = null, ...rest } = body;
  const kept = { ...rest, ...otherOptions(options) };
  if (scope === "user") return kept;
  const shared = Object.entries(kept).filter(([name]) => !userFields.has(name));
  return Object.fromEntries(shared.map(([name, value]) => [name, withoutUserId(name, value)]));
}

function otherOptions(options: Json): JsonObject {
  if (!isObject(options)) return {};
  const others = Object.entries(options).filter(([name]) => !formOptions.has(name));
  return others.length === 0 ? {} : { stream_options: Object.fromEntries(others) };
}

function withoutUserId(name: string, value: Json): Json {
  if (name !== "metadata" || !isObject(value)) return value;
  return Object.fromEntries(Object.entries(value).filter(([inner]) => inner !== "user_id"));
}

function isObject(value: Json): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Name and value of each header that counts, sorted by name; values of one name keep their order. */
function relevantHeaders(lines: HeaderLines): readonly (readonly [string, string])[] {
  const kept: (readonly [string, string])[] = [];
  for (let at = 0; at + 1 < lines.length; at += 2) {
    const name = (lines[at] ?? "").toLowerCase();
    if (!isIgnored(name)) kept.push([name, lines[at + 1] ?? ""]);
  }
  return kept.toSorted(([one], [other]) => (one < other ? -1 : Number(one > other)));
}

function isIgnored(name: string): boolean {
  return ignoredHeaders.has(name) || ignoredPrefixes.some((prefix) => name.startsWith(prefix));
}
