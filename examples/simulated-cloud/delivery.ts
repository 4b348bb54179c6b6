/** Sends a reply at the set pace, with backpressure, and plays the fault that was ordered for it. */

import { once } from "node:events";
import type { IncomingMessage, ServerResponse } from "node:http";
import { pipeline, Readable } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";
import { constants, createGzip } from "node:zlib";
import type { Fault } from "./fault.ts";
import { faultedBytes, ScriptedReset, stall } from "./faulted-bytes.ts";
import { fraction } from "./random.ts";
import type { Frame, Reply } from "./reply.ts";
import type { CloudSettings } from "./settings.ts";

export interface Delivery {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly reply: Reply;
  readonly fault: Fault | undefined;
  readonly settings: CloudSettings;
  readonly seed: number;
  /** Counts calls from 1; decides the jitter of this one. */
  readonly number: number;
}

interface Pace {
  readonly ttftMs: number;
  readonly tokenMs: number;
}

/** Settles when the reply is out or the caller has gone; true when it was sent to its end. */
export async function deliver(delivery: Delivery): Promise<boolean> {
  const { response } = delivery;
  const gone = new AbortController();
  response.once("close", () => gone.abort());
  if (hangsUp(delivery)) return false;
  try {
    await send(delivery, gone.signal);
    return true;
  } catch (error) {
    if (error instanceof ScriptedReset) await reset(response);
    if (error instanceof ScriptedReset || gone.signal.aborted) return false;
    throw error;
  }
}

/** Plays the faults that leave no reply at all. */
function hangsUp({ response, fault }: Delivery): boolean {
  if (fault?.kind === "refuse") {
    response.socket?.destroy();
    return true;
  }
  if (fault?.kind !== "garbage" || fault.at === "body") return false;
  response.socket?.end("\u0016\u0003\u0001 this is not HTTP\r\n\r\n");
  return true;
}

async function send(delivery: Delivery, signal: AbortSignal): Promise<void> {
  const { response, reply, fault } = delivery;
  const pace = paceOf(delivery);
  const tokens = reply.stream ? 0 : tokensOf(reply.frames);
  await wait(pace.ttftMs + tokens * pace.tokenMs, signal);
  if (fault?.kind === "stall" && fault.afterBytes < 0) await stall(fault.durationMs, signal);
  const zipped = delivery.settings.compress && acceptsGzip(delivery.request);
  const lengthBytes = knownLength(delivery, zipped);
  response.writeHead(reply.status, headersOf(reply, zipped, lengthBytes));
  if (lengthBytes !== undefined && fault === undefined) {
    response.end(wholeText(reply));
    return;
  }
  response.flushHeaders();
  const body = reply.stream ? paced(reply.frames, pace.tokenMs, signal) : single(wholeText(reply));
  await pour(faultedBytes(zipped ? gzipped(body) : body, fault, signal), response, signal);
}

function headersOf(reply: Reply, zipped: boolean, lengthBytes: number | undefined): string[] {
  return [
    ...reply.headers.flat(),
    ...(zipped ? ["content-encoding", "gzip", "vary", "Accept-Encoding"] : []),
    ...(lengthBytes === undefined ? [] : ["content-length", String(lengthBytes)]),
  ];
}

/** Bytes of the body, where the provider would announce them. */
function knownLength({ reply, fault }: Delivery, zipped: boolean): number | undefined {
  if (reply.stream || zipped || fault?.kind === "truncate") return undefined;
  return Buffer.byteLength(wholeText(reply));
}

function wholeText(reply: Reply): string {
  return reply.frames.map(({ text }) => text).join("");
}

async function pour(
  body: AsyncIterable<Buffer>,
  response: ServerResponse,
  signal: AbortSignal,
): Promise<void> {
  for await (const chunk of body) {
    signal.throwIfAborted();
    if (!response.write(chunk)) await once(response, "drain", { signal });
  }
  response.end();
}

/** Lets what was written reach the wire before the connection is reset. */
async function reset(response: ServerResponse): Promise<void> {
  const { socket } = response;
  if (socket === null) return;
  await new Promise<void>((resolve) => {
    socket.write("", () => resolve());
    socket.once("close", () => resolve());
  });
  socket.resetAndDestroy();
}

function paceOf({ settings, seed, number }: Delivery): Pace {
  const factor = 1 + settings.jitter * (2 * fraction("jitter", seed, number) - 1);
  const tokenMs = settings.tokensPerSecond > 0 ? 1000 / settings.tokensPerSecond : 0;
  return { ttftMs: settings.ttftMs * factor, tokenMs: tokenMs * factor };
}

async function* paced(
  frames: readonly Frame[],
  tokenMs: number,
  signal: AbortSignal,
): AsyncGenerator<Buffer> {
  const startMs = performance.now();
  let tokens = 0;
  for (const frame of frames) {
    tokens += frame.tokens;
    await wait(startMs + tokens * tokenMs - performance.now(), signal);
    yield Buffer.from(frame.text);
  }
}

async function* single(text: string): AsyncGenerator<Buffer> {
  yield Buffer.from(text);
}

function gzipped(body: AsyncIterable<Buffer>): AsyncIterable<Buffer> {
  // Flushed after every chunk: a stream that waits for the compressor's block is no stream.
  const gzip = createGzip({ flush: constants.Z_SYNC_FLUSH });
  pipeline(Readable.from(body), gzip, () => undefined);
  return gzip;
}

function acceptsGzip(request: IncomingMessage): boolean {
  return /\bgzip\b/u.test(request.headers["accept-encoding"]?.toString() ?? "");
}

function tokensOf(frames: readonly Frame[]): number {
  return frames.reduce((sum, frame) => sum + frame.tokens, 0);
}

/** Timers are no finer than a millisecond; what is due sooner is due now. */
async function wait(durationMs: number, signal: AbortSignal): Promise<void> {
  if (durationMs >= 1) await sleep(durationMs, undefined, { signal });
}
