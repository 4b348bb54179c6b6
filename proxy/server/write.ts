/** Gives a reply of the stack to its caller: our own answers and errors whole, a provider's reply by relay. */
import { STATUS_CODES } from "node:http";
import type { Readable } from "node:stream";
import type { Ending, Verdict } from "../core/decision.ts";
import { withoutHeaders, type HeaderLines } from "../core/http.ts";
import type { Received } from "../core/received.ts";
import type { Reply, StoredReply } from "../core/reply.ts";
import { replyHeaders } from "../upstream/edits.ts";
import type { Codec } from "../wire/codec.ts";
import { codecOf } from "../wire/table.ts";
import type { Exchange, ReplyHead } from "./exchange.ts";
import { cacheStatus, verdictHeaders, type HeaderContext } from "./headers.ts";
import { Outflow } from "./outflow.ts";
import { relay } from "./relay.ts";
import type { ServerTimeouts } from "./timeouts.ts";

/** Where a reply goes, and who is told. */
export interface WriteTask {
  readonly exchange: Exchange;
  readonly id: string;
  /** Writes errors of ours in the caller's form. */
  readonly errorCodec: Codec;
  /** The call; null when it was refused before it was read. */
  readonly received: Received | null;
  /** Whether the connection serves no further call. */
  readonly isLast: boolean;
  readonly timeouts: ServerTimeouts;
  /** Called exactly once, when the reply is over. */
  readonly settled: (ending: Ending) => void;
  readonly faulty: (fault: unknown) => void;
}

/**
 * Begins to write and never waits. `reply.ended` is the caller's to call, from `settled`.
 * Throws, with nothing written, when an answer cannot be put into the caller's form.
 */
export function write(reply: Reply, task: WriteTask): void {
  if (task.exchange.isOver()) {
    if (reply.kind === "relay") discard(reply.upstream.body);
    task.settled({ kind: "aborted" });
    return;
  }
  const ours = verdictHeaders(reply.verdict, contextOf(reply.verdict, task));
  if (reply.kind !== "relay") {
    sendWhole(wholeOf(reply, task), ours, task);
    return;
  }
  const { upstream, tap } = reply;
  const { exchange, isLast, timeouts, settled, faulty } = task;
  const headers = [...replyHeaders(upstream.headers), ...ours];
  relay({ exchange, isLast, timeouts, settled, faulty, upstream, tap, headers });
}

function discard(body: Readable): void {
  body.on("error", () => undefined);
  body.destroy();
}

function contextOf(verdict: Verdict, task: WriteTask): HeaderContext {
  const cache = task.received === null ? null : cacheStatus(verdict, task.received);
  return { id: task.id, cache };
}

/** A reply that is in memory. */
interface Whole {
  readonly status: number;
  readonly headers: HeaderLines;
  readonly chunks: readonly Buffer[];
}

function wholeOf(reply: Exclude<Reply, { readonly kind: "relay" }>, task: WriteTask): Whole {
  switch (reply.kind) {
    case "answer":
      return answerOf(reply, task);
    case "stored":
      return storedOf(reply.stored);
    case "error": {
      const { error, retryAfterSeconds } = reply;
      const { status, headers, body } = task.errorCodec.error(error, task.id, retryAfterSeconds);
      // RFC 9110, 15.5.2: who is refused for want of a key is told which kind would do.
      const challenge = status === 401 ? ["www-authenticate", "Bearer"] : [];
      return { status, headers: [...headers, ...challenge], chunks: [body] };
    }
  }
}

function answerOf(reply: Extract<Reply, { readonly kind: "answer" }>, task: WriteTask): Whole {
  const { received, id } = task;
  if (received === null || received.reading.kind === "unread") {
    throw new TypeError("an answer needs a call that was read");
  }
  const { view } = received.reading;
  const identity = { id, createdSeconds: Math.floor(Date.now() / 1000) };
  const { headers, chunks } = codecOf(view.protocol).write(reply.answer, view, identity);
  return { status: 200, headers, chunks };
}

function storedOf(stored: StoredReply): Whole {
  return { status: stored.status, headers: stored.headers, chunks: [stored.body] };
}

const lengthName: ReadonlySet<string> = new Set(["content-length", "transfer-encoding"]);

function sendWhole(whole: Whole, ours: HeaderLines, task: WriteTask): void {
  const { exchange, isLast } = task;
  const out = new Outflow(exchange, task.timeouts.stallMs, {
    drained: () => undefined,
    over: (outcome) => {
      const isWhole = outcome === "finished" || (isSent && out.isFlushed);
      task.settled({ kind: isWhole ? "complete" : "aborted" });
    },
  });
  let isSent = false;
  exchange.begin(headFor(whole, ours), isLast);
  if (exchange.mayHaveBody(whole.status)) for (const chunk of whole.chunks) out.write(chunk);
  out.finish([]);
  isSent = true;
}

function headFor(whole: Whole, ours: HeaderLines): ReplyHead {
  const length = whole.chunks.reduce((sum, chunk) => sum + chunk.length, 0);
  const headers = [
    ...withoutHeaders(whole.headers, lengthName),
    "content-length",
    String(length),
    ...ours,
  ];
  return { status: whole.status, statusText: STATUS_CODES[whole.status] ?? "", headers };
}
