/** Turns an exchange into what the stack works on: head, controls, body, and the view where a codec reads the call. */
import {
  headerValue,
  type HeaderLines,
  type RequestBody,
  type RequestHead,
  type Routed,
} from "../core/http.ts";
import type { ReasonCode } from "../core/reasons.ts";
import type { Caller, Received, Snapshot } from "../core/received.ts";
import type { Controls, Reading } from "../core/request.ts";
import type { Codec } from "../wire/codec.ts";
import { decodeBody, isCoded } from "../wire/encoding.ts";
import { redirectedTarget, routeTarget } from "../wire/path.ts";
import { codecOf, findCodec } from "../wire/table.ts";
import { identified } from "./callers.ts";
import { controlsOf } from "./controls.ts";
import type { Exchange } from "./exchange.ts";
import type { Capacity } from "./capacity.ts";
import { flowingBody, takeBody, type Taken, type TakenBody } from "./intake.ts";
import type { ReadingBudget, ReadingShare } from "./reading-budget.ts";
import { requestId } from "./request-id.ts";

/** What receiving needs besides the exchange. */
export interface Admission {
  readonly snapshot: Snapshot;
  readonly signal: AbortSignal;
  readonly stallMs: number;
  readonly capacity: Capacity;
  readonly budget: ReadingBudget;
  /** Whether nothing more may be held. */
  readonly isMemoryLow: boolean;
}

/** A call as far as its head tells. */
export interface Head {
  readonly id: string;
  readonly routed: Routed;
  readonly caller: Caller;
  /** The head as the stack sees it. */
  readonly shown: RequestHead;
  readonly controls: Controls;
  /** The codec that claims the call; null for protocols that are not read. */
  readonly codec: Codec | null;
  /** The codec in whose form the caller reads errors, as far as path and headers tell. */
  readonly errorCodec: Codec;
}

/** The call, or why its body did not come. */
export type Receipt =
  | {
      readonly kind: "received";
      readonly received: Received;
      /** What is held until the call is over; null when nothing was read. */
      readonly share: ReadingShare | null;
    }
  | { readonly kind: "gone" }
  | { readonly kind: "late" };

/** Reads the head. */
export function headOf(exchange: Exchange, snapshot: Snapshot): Head {
  const { method, target, headers } = exchange.head;
  const { providers, callers, hosts } = snapshot.policy;
  // By the head as it came: a key's header is one of the marks of its protocol.
  const routed =
    redirectedTarget(target, headers, hosts) ?? routeTarget(target, headers, providers);
  const codec = findCodec(method, routed.path);
  const spoken = providers.get(routed.provider)?.protocol ?? "openai-chat";
  const { caller, head: shown } = identified(exchange.head, callers);
  return {
    id: requestId(),
    routed,
    caller,
    shown,
    controls: heededControls(caller, headers),
    codec,
    errorCodec: codec ?? codecOf(spoken),
  };
}

/** Where callers are named, the policy is not theirs to get around. */
function heededControls(caller: Caller, headers: HeaderLines): Controls {
  const controls = controlsOf(headers);
  return caller.kind === "anyone" ? controls : { ...controls, mode: null, target: null };
}

/** Reads the body as far as it is to be read. Never rejects. */
export async function receive(
  exchange: Exchange,
  head: Head,
  admission: Admission,
): Promise<Receipt> {
  const { codec } = head;
  const limit = admission.snapshot.policy.limits.inspectBytes;
  const reason = unreadReason(exchange, head, limit);
  if (reason !== null || codec === null || exchange.body === null) {
    return passed(exchange, head, admission, reason ?? "body_unreadable");
  }
  if (admission.isMemoryLow) return passed(exchange, head, admission, "memory_low");
  const share = admission.budget.open(admission.capacity, declaredBytes(exchange));
  if (share === null) return passed(exchange, head, admission, "reading_full");
  const begunMs = performance.now();
  const taken = await takeBody(exchange.body, { limit, share, stallMs: admission.stallMs });
  if (taken.kind === "gone" || taken.kind === "late") {
    share.release();
    return taken;
  }
  const body = withTrailers(taken, exchange);
  const bodyWaitMs = performance.now() - begunMs;
  const reading = await readingOf({ exchange, codec, taken, share, limit });
  // What flows on is no longer held.
  if (body.kind === "flowing") share.release();
  const received = call({ exchange, head, admission, body, reading });
  return { kind: "received", received: { ...received, bodyWaitMs }, share };
}

/** A call whose body is not read. */
function passed(exchange: Exchange, head: Head, admission: Admission, reason: ReasonCode): Receipt {
  const body = unreadBody(exchange, admission.stallMs);
  const received = call({ exchange, head, admission, body, reading: unread(reason) });
  return { kind: "received", received, share: null };
}

/** Why the body is not read, as far as the head tells; null when it is to be read. */
function unreadReason(exchange: Exchange, head: Head, limit: number): ReasonCode | null {
  if (head.caller.kind === "unknown") return "caller_unknown";
  if (head.routed.provider === "") return "no_provider";
  if (head.controls.mode === "bypass") return "bypass_requested";
  if (head.codec === null) return "protocol_not_read";
  if (exchange.body === null) return "body_unreadable";
  const { headers } = exchange.head;
  if (!isJson(headerValue(headers, "content-type") ?? "")) return "body_unreadable";
  return declaredBytes(exchange) > limit ? "body_too_large" : null;
}

function declaredBytes({ head }: Exchange): number {
  return Number(headerValue(head.headers, "content-length") ?? "0");
}

/** `application/json` in UTF-8, the only form in which both protocols are defined. */
function isJson(contentType: string): boolean {
  const [type = "", ...parameters] = contentType.toLowerCase().split(";");
  const charset = parameters.map((part) => part.trim()).find((part) => part.startsWith("charset="));
  const isUtf8 = charset === undefined || /^charset="?utf-?8"?$/.test(charset);
  return type.trim() === "application/json" && isUtf8;
}

function unreadBody(exchange: Exchange, stallMs: number): RequestBody {
  const { body } = exchange;
  if (body === null) return { kind: "none" };
  return withTrailers({ kind: "flowing", stream: flowingBody(body, stallMs) }, exchange);
}

function withTrailers(body: TakenBody, exchange: Exchange): TakenBody {
  if (body.kind === "flowing") return { ...body, trailers: () => exchange.trailers() };
  const trailers = exchange.trailers();
  return trailers.length === 0 ? body : { ...body, trailers };
}

interface Held {
  readonly exchange: Exchange;
  readonly codec: Codec;
  readonly taken: Exclude<Taken, { readonly kind: "gone" | "late" }>;
  readonly share: ReadingShare;
  readonly limit: number;
}

function readingOf(held: Held): Reading | Promise<Reading> {
  const { exchange, codec, taken } = held;
  if (taken.kind === "flowing") return unread(taken.why);
  const { headers } = exchange.head;
  // Nearly every body is as it is, and then there is nothing to wait for.
  return isCoded(headers) ? readCoded(held, taken.bytes) : codec.read(taken.bytes, headers);
}

async function readCoded({ exchange, codec, share, limit }: Held, bytes: Buffer): Promise<Reading> {
  const { headers } = exchange.head;
  const decoded = await decodeBody(bytes, headers, limit);
  if (decoded.kind !== "decoded") return unread(decoded.reason);
  const more = decoded.bytes === bytes ? 0 : decoded.bytes.length;
  return share.take(more) ? codec.read(decoded.bytes, headers) : unread("reading_full");
}

function unread(reason: ReasonCode): Reading {
  return { kind: "unread", reason };
}

interface Parts {
  readonly exchange: Exchange;
  readonly head: Head;
  readonly admission: Admission;
  readonly body: RequestBody;
  readonly reading: Reading;
}

function call(parts: Parts): Received {
  const { exchange, head, admission, body, reading } = parts;
  return {
    id: head.id,
    startedMs: exchange.startedMs,
    bodyWaitMs: 0,
    head: head.shown,
    caller: head.caller,
    routed: head.routed,
    body,
    reading,
    controls: head.controls,
    snapshot: admission.snapshot,
    signal: admission.signal,
  };
}
