/** Turns an exchange into what the stack works on: head, controls, body, and the view where a codec reads the call. */
import { headerValue, type HeaderLines, type RequestBody, type Routed } from "../core/http.ts";
import type { ReasonCode } from "../core/reasons.ts";
import type { Received, Snapshot } from "../core/received.ts";
import type { Controls, Reading } from "../core/request.ts";
import type { Codec } from "../wire/codec.ts";
import { decodeBody, isCoded } from "../wire/encoding.ts";
import { routeTarget } from "../wire/path.ts";
import { codecOf, findCodec } from "../wire/table.ts";
import { controlsOf } from "./controls.ts";
import type { Exchange } from "./exchange.ts";
import { flowingBody, takeBody, type TakenBody } from "./intake.ts";
import { requestId } from "./request-id.ts";

/** What receiving needs besides the exchange. */
export interface Admission {
  readonly snapshot: Snapshot;
  readonly signal: AbortSignal;
  readonly stallMs: number;
}

/** A call as far as its head tells. */
export interface Head {
  readonly id: string;
  readonly routed: Routed;
  readonly controls: Controls;
  /** The codec that claims the call; null for protocols that are not read. */
  readonly codec: Codec | null;
  /** The codec in whose form the caller reads errors, as far as path and headers tell. */
  readonly errorCodec: Codec;
}

/** The call, or why its body did not come. */
export type Receipt =
  | { readonly kind: "received"; readonly received: Received }
  | { readonly kind: "gone" }
  | { readonly kind: "late" };

/** Reads the head. */
export function headOf(exchange: Exchange, snapshot: Snapshot): Head {
  const { method, target, headers } = exchange.head;
  const { providers } = snapshot.policy;
  const routed = routeTarget(target, headers, providers);
  const codec = findCodec(method, routed.path);
  const spoken = providers.get(routed.provider)?.protocol ?? "openai-chat";
  return {
    id: requestId(),
    routed,
    controls: controlsOf(headers),
    codec,
    errorCodec: codec ?? codecOf(spoken),
  };
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
    const body = unreadBody(exchange, admission.stallMs);
    const reading = unread(reason ?? "body_unreadable");
    return { kind: "received", received: call({ exchange, head, admission, body, reading }) };
  }
  const begunMs = performance.now();
  const taken = await takeBody(exchange.body, limit, admission.stallMs);
  if (taken.kind === "gone" || taken.kind === "late") return taken;
  const body = withTrailers(taken, exchange);
  const bodyWaitMs = performance.now() - begunMs;
  const reading =
    body.kind === "whole"
      ? await read(exchange, codec, body.bytes, limit)
      : unread("body_too_large");
  const received = call({ exchange, head, admission, body, reading });
  return { kind: "received", received: { ...received, bodyWaitMs } };
}

/** Why the body is not read, as far as the head tells; null when it is to be read. */
function unreadReason(exchange: Exchange, head: Head, limit: number): ReasonCode | null {
  if (head.controls.mode === "bypass") return "bypass_requested";
  if (head.codec === null) return "protocol_not_read";
  if (exchange.body === null) return "body_unreadable";
  const { headers } = exchange.head;
  if (!isJson(headerValue(headers, "content-type") ?? "")) return "body_unreadable";
  const declared = Number(headerValue(headers, "content-length") ?? "0");
  return declared > limit ? "body_too_large" : null;
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

function read(
  exchange: Exchange,
  codec: Codec,
  bytes: Buffer,
  limit: number,
): Reading | Promise<Reading> {
  const { headers } = exchange.head;
  // Nearly every body is as it is, and then there is nothing to wait for.
  return isCoded(headers) ? readCoded(headers, codec, bytes, limit) : codec.read(bytes, headers);
}

async function readCoded(
  headers: HeaderLines,
  codec: Codec,
  bytes: Buffer,
  limit: number,
): Promise<Reading> {
  const decoded = await decodeBody(bytes, headers, limit);
  return decoded.kind === "decoded" ? codec.read(decoded.bytes, headers) : unread(decoded.reason);
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
    head: exchange.head,
    routed: head.routed,
    body,
    reading,
    controls: head.controls,
    snapshot: admission.snapshot,
    signal: admission.signal,
  };
}
