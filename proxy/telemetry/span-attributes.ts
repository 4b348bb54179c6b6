/** What spans say of a call, an attempt and a settled record; names only, no content; used by call-trace. */
import type { Attributes } from "@opentelemetry/api";
import type { DecisionRecord, Usage, Verdict } from "../core/decision.ts";
import type { TracedAttempt } from "../core/tracing.ts";
import type { ReasonCode } from "../core/reasons.ts";
import type { Protocol } from "../core/request.ts";
import { names } from "./attribute-names.ts";
import { classifierOf } from "./record-json.ts";

const knownMethods: ReadonlySet<string> = new Set([
  "CONNECT",
  "DELETE",
  "GET",
  "HEAD",
  "OPTIONS",
  "PATCH",
  "POST",
  "PUT",
  "TRACE",
]);

const routes: Readonly<Record<Protocol, string>> = {
  "openai-chat": "/v1/chat/completions",
  "anthropic-messages": "/v1/messages",
};

const genAiProviders: Readonly<Record<Protocol, string>> = {
  "openai-chat": "openai",
  "anthropic-messages": "anthropic",
};

/** Longest text that a caller's own word may put into an attribute. */
const longestText = 256;

/** Choices whose endings are told. */
const mostChoices = 16;

/** The protocol's path template; null for calls that are not read. */
function routeOf(protocol: Protocol | null): string | null {
  return protocol === null ? null : routes[protocol];
}

/** Known when the head is. */
export function callAttributes(
  method: string,
  path: string,
): Attributes & { readonly [names.method]: string } {
  const isKnown = knownMethods.has(method);
  return {
    [names.method]: isKnown ? method : "_OTHER",
    ...(isKnown ? {} : { [names.methodOriginal]: method.slice(0, longestText) }),
    [names.path]: path.slice(0, longestText),
    [names.scheme]: "http",
  };
}

/** `METHOD /template`; the method alone for calls that are not read. */
export function serverName({ method, path, protocol }: DecisionRecord): string {
  const known = callAttributes(method, path)[names.method];
  const route = routeOf(protocol);
  return route === null ? known : `${known} ${route}`;
}

/** `chat MODEL`, or `relay` where the call is not read. */
export function attemptName({ protocol, model }: TracedAttempt): string {
  return protocol === null ? "relay" : `chat ${model ?? ""}`.trim();
}

/** The provider behind us, not our own address. */
export function attemptAttributes(attempt: TracedAttempt, resends: number): Attributes {
  const { provider, protocol, model } = attempt;
  const isPlain = provider.url.protocol === "http:";
  return defined({
    ...(protocol === null ? {} : chatAttributes(genAiProviders[protocol], model)),
    [names.serverAddress]: provider.url.hostname,
    [names.serverPort]: Number(provider.url.port || (isPlain ? 80 : 443)),
    [names.resend]: resends === 0 ? null : resends,
  });
}

/** A local answer, as a model call of ours. */
export function localAttributes(record: DecisionRecord): Attributes {
  return chatAttributes("sidestep", record.model);
}

/** Usage and pace of the model call, whoever answered. */
export function usageAttributes(record: DecisionRecord): Attributes {
  if (record.protocol === null) return defined({ [names.status]: record.status });
  return defined({
    [names.status]: record.verdict.decision === "local" ? null : record.status,
    [names.requestStream]: record.stream ? true : null,
    [names.responseModel]: record.replyModel?.slice(0, longestText),
    ...endingAttributes(record),
    ...tokenAttributes(record.usage),
    [names.firstChunk]: record.stream ? record.firstByteMs / 1000 : null,
    [names.msPerToken]: msPerToken(record),
  });
}

function endingAttributes({ finishReasons }: DecisionRecord): Loose {
  if (finishReasons.length === 0) return {};
  const told = finishReasons.slice(0, mostChoices).map((reason) => reason.slice(0, longestText));
  return { [names.finishReasons]: told };
}

function tokenAttributes(usage: Usage | null): Loose {
  return {
    [names.inputTokens]: usage?.inputTokens,
    [names.outputTokens]: usage?.outputTokens,
    [names.cacheReadTokens]: usage?.promptCache?.readTokens,
    [names.cacheWrittenTokens]: usage?.promptCache?.writtenTokens,
  };
}

/** The pace of a stream after its first byte; null where there is none to speak of. */
function msPerToken({ stream, usage, firstByteMs, totalMs }: DecisionRecord): number | null {
  const tokens = usage?.outputTokens ?? 0;
  return stream && tokens > 0 ? (totalMs - firstByteMs) / tokens : null;
}

/** The whole decision, on the server span. */
export function settledAttributes(record: DecisionRecord): Attributes {
  return defined({
    [names.status]: record.status,
    [names.route]: routeOf(record.protocol),
    [names.requestModel]: record.model?.slice(0, longestText),
    [names.requestId]: record.id,
    [names.caller]: record.caller,
    [names.policy]: record.policy,
    [names.ending]: record.ending,
    [names.overheadMs]: record.overheadMs,
    ...verdictAttributes(record.verdict),
  });
}

function verdictAttributes(verdict: Verdict): Loose {
  return {
    [names.decision]: verdict.decision,
    [names.reason]: verdict.reason,
    [names.sidestepRoute]: verdict.route,
    [names.target]: verdict.target,
    [names.provider]: verdict.provider,
    [names.confidence]: verdict.confidence,
    [names.complexity]: verdict.complexity,
    [names.classifier]: classifierOf(verdict.signals),
    [names.wouldDecision]: verdict.would?.decision,
    [names.wouldReason]: verdict.would?.reason,
    [names.ageSeconds]: verdict.ageSeconds,
    [names.costUsd]: verdict.costUsd,
    [names.savedUsd]: verdict.savedUsd,
  };
}

/** The kind of failure, from the status on that counts as one; null for success and for a caller who left. */
export function errorOf(record: DecisionRecord, lowestStatus: number): string | null {
  if (record.ending === "aborted") return null;
  if (isUpstreamFault(record.verdict.reason)) return record.verdict.reason;
  if (record.status >= lowestStatus) return String(record.status);
  return record.ending === "cut" ? "cut" : null;
}

/** Whether a provider's reply went on to the caller. */
export function isRelayed({ verdict }: DecisionRecord): boolean {
  return verdict.decision === "forwarded" && !isUpstreamFault(verdict.reason);
}

/** Whether the provider gave no reply that could be relayed. */
function isUpstreamFault(reason: ReasonCode): boolean {
  return reason.startsWith("upstream_");
}

function chatAttributes(provider: string, model: string | null): Attributes {
  return defined({
    [names.operation]: "chat",
    [names.genAiProvider]: provider,
    [names.requestModel]: model?.slice(0, longestText),
  });
}

/** Attributes before those without a value are left out. */
export type Loose = Readonly<
  Record<string, string | number | boolean | string[] | null | undefined>
>;

/** Those that have a value. */
export function defined(attributes: Loose): Attributes {
  return Object.fromEntries(
    Object.entries(attributes).filter(([, value]) => value !== undefined && value !== null),
  );
}
