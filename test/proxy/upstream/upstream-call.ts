/** Calls to a scripted upstream with everything defaulted, and ways to read what came of them. */
import { createHash } from "node:crypto";
import type { Provider } from "../../../proxy/core/policy.ts";
import type { UpstreamCall, UpstreamFault } from "../../../proxy/core/ports.ts";
import type { UpstreamReply } from "../../../proxy/core/reply.ts";
import {
  createUpstream,
  type ClosableUpstream,
  type UpstreamOptions,
} from "../../../proxy/upstream/upstream.ts";
import {
  createScriptedUpstream,
  type ScriptedUpstream,
  type ScriptedUpstreamOptions,
} from "../../support/scripted-upstream.ts";

/** A provider at `url` with roomy limits. */
export function providerAt(url: string, changes: Partial<Provider> = {}): Provider {
  return {
    name: "cloud",
    url: new URL(url),
    protocol: "openai-chat",
    region: null,
    hosts: [],
    key: null,
    timeouts: { connectMs: 10_000, firstByteMs: 600_000, idleMs: 600_000 },
    breaker: { errorThreshold: 0.5, windowMs: 30_000, minRequests: 1_000, cooldownMs: 15_000 },
    retries: 0,
    sendsBaggage: false,
    ...changes,
  };
}

/** A GET of `/` unless told otherwise. */
export function callTo(provider: Provider, changes: Partial<UpstreamCall> = {}): UpstreamCall {
  return {
    provider,
    method: "GET",
    path: "/",
    headers: ["Host", provider.url.host],
    body: { kind: "none" },
    signal: new AbortController().signal,
    account: { breaker: provider.name, credential: "none", model: "" },
    ...changes,
  };
}

/** A scripted upstream and an upstream that knows of it; closes both when disposed of. */
export async function pair(
  options: Partial<UpstreamOptions> = {},
  scripted: ScriptedUpstreamOptions = {},
): Promise<Pair> {
  const cloud = await createScriptedUpstream(scripted);
  const upstream = createUpstream({ env: {}, ...options });
  return {
    cloud,
    upstream,
    provider: providerAt(cloud.url),
    [Symbol.asyncDispose]: async () => {
      await upstream.close();
      await cloud.close();
    },
  };
}

/** See `pair`. */
export interface Pair extends AsyncDisposable {
  readonly cloud: ScriptedUpstream;
  readonly upstream: ClosableUpstream;
  readonly provider: Provider;
}

/** The reply; fails the test when there is a fault instead. */
export function replyOf(sent: UpstreamReply | UpstreamFault): UpstreamReply {
  if ("kind" in sent) throw new Error(`${sent.reason}: ${sent.detail}`);
  return sent;
}

/** The fault; fails the test when there is a reply instead. */
export function faultOf(sent: UpstreamReply | UpstreamFault): UpstreamFault {
  if (!("kind" in sent)) throw new Error(`a reply with status ${sent.status}`);
  return sent;
}

/** Everything the body gave until it ended or failed. */
export async function drained(
  reply: UpstreamReply,
): Promise<{ readonly bytes: Buffer; readonly error: unknown }> {
  const chunks: Buffer[] = [];
  const body: AsyncIterable<Buffer> = reply.body;
  try {
    for await (const chunk of body) chunks.push(chunk);
    return { bytes: Buffer.concat(chunks), error: null };
  } catch (error) {
    return { bytes: Buffer.concat(chunks), error };
  }
}

/** The hash that the scripted upstream gives for a body. */
export function sha256(bytes: Buffer): string {
  return createHash("sha256").update(bytes).digest("hex");
}

/** Header lines from text, one `Name: value` a line. */
export function linesOf(text: string): string[] {
  return text
    .trim()
    .split("\n")
    .flatMap((line) => line.trim().split(": "));
}
