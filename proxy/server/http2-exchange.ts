/** An HTTP/2 stream as an exchange; http2 makes one for each request. */
import { constants, type ServerHttp2Stream } from "node:http2";
import type { Readable, Writable } from "node:stream";
import {
  headerValue,
  headerValues,
  withoutHeaders,
  type HeaderLines,
  type RequestHead,
} from "../core/http.ts";
import { replaced } from "../upstream/framing.ts";
import type { Exchange, ReplyHead } from "./exchange.ts";
import { originForm } from "./framing.ts";

/** A stream as Node announces it. */
export interface AnnouncedStream {
  readonly stream: ServerHttp2Stream;
  /** Header lines as they came, pseudo headers first. */
  readonly lines: HeaderLines;
  /** Whether the head was the whole request. */
  readonly isEnded: boolean;
}

/** One request and its reply on a stream of its own. */
export class Http2Exchange implements Exchange {
  readonly head: RequestHead;
  readonly body: Readable | null;
  readonly flaw: string | null;
  readonly startedMs: number = performance.now();
  readonly #stream: ServerHttp2Stream;
  #trailers: HeaderLines = [];
  #bodyTrailers: HeaderLines = [];
  #isOver = false;
  #over: () => void = () => undefined;

  constructor(announced: AnnouncedStream) {
    const { stream, lines, isEnded } = announced;
    this.#stream = stream;
    const method = headerValue(lines, ":method") ?? "";
    const target = headerValue(lines, ":path") ?? "";
    this.head = { method, target: originForm(target) ?? target, headers: plainLines(lines) };
    this.flaw = originForm(target) === null ? "The request target is not a path." : null;
    this.body = isEnded ? null : stream;
    stream.on("error", () => undefined);
    stream.on("trailers", (_fields: unknown, _flags: unknown, sent: HeaderLines) => {
      this.#bodyTrailers = sent;
    });
    stream.on("wantTrailers", () => stream.sendTrailers(trailerFields(this.#trailers)));
    stream.on("close", () => this.#end());
  }

  get sink(): Writable {
    return this.#stream;
  }

  trailers(): HeaderLines {
    return this.#bodyTrailers;
  }

  mayHaveBody(status: number): boolean {
    return this.head.method !== "HEAD" && ![204, 205, 304].includes(status);
  }

  begin(head: ReplyHead): void {
    // RFC 9110, 15: what HTTP does not know is to be taken as a 500, and nothing above 599 can be written.
    const status = head.status > 599 ? 500 : head.status;
    const lines = [":status", String(status), ...linesFor(head)];
    // Only what the provider sent goes back; a date of ours would say otherwise.
    const options = { waitForTrailers: this.mayHaveBody(head.status), sendDate: false };
    this.#stream.respond(lines, options);
  }

  flushHead(): void {
    // Headers are a frame of their own and never wait for a body.
  }

  finish(trailers: HeaderLines): void {
    this.#trailers = trailers;
    this.#stream.end();
  }

  cut(): void {
    this.#stream.close(constants.NGHTTP2_INTERNAL_ERROR);
  }

  drop(): void {
    this.#stream.close(constants.NGHTTP2_CANCEL);
  }

  discardBody(lingerMs: number): void {
    const stream = this.#stream;
    if (this.body === null || stream.readableEnded || stream.destroyed) return;
    // RFC 9113, 8.1: a whole reply may come before the request's end, which is then not wanted.
    const timer = setTimeout(() => stream.close(constants.NGHTTP2_NO_ERROR), lingerMs).unref();
    stream.once("close", () => clearTimeout(timer));
    stream.resume();
  }

  isOver(): boolean {
    return this.#isOver || this.#stream.closed || this.#stream.destroyed;
  }

  whenOver(listener: () => void): void {
    this.#over = listener;
  }

  #end(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#over();
  }
}

/** The lines without pseudo headers; `:authority` stands as Host where the caller sent none. */
function plainLines(lines: HeaderLines): string[] {
  const plain: string[] = [];
  const authority = headerValue(lines, ":authority");
  if (authority !== undefined && headerValue(lines, "host") === undefined) {
    plain.push("host", authority);
  }
  for (let at = 0; at < lines.length; at += 2) {
    const [name = "", value = ""] = lines.slice(at, at + 2);
    if (!name.startsWith(":")) plain.push(name, value);
  }
  const cookies = headerValues(plain, "cookie");
  // RFC 9113, 8.2.3: HTTP/2 may cut a cookie line in pieces, HTTP/1.1 must see it whole.
  return cookies.length > 1 ? replaced(plain, ["cookie"], ["cookie", cookies.join("; ")]) : plain;
}

const lengthName: ReadonlySet<string> = new Set(["content-length"]);

/** Names in lower case; a 204 with a length would be a protocol error. */
function linesFor(head: ReplyHead): string[] {
  const lines = head.status === 204 ? withoutHeaders(head.headers, lengthName) : head.headers;
  return lines.map((part, at) => (at % 2 === 0 ? part.toLowerCase() : part));
}

function trailerFields(lines: HeaderLines): Record<string, string[]> {
  const fields: Record<string, string[]> = {};
  for (let at = 0; at < lines.length; at += 2) {
    const [name = "", value = ""] = lines.slice(at, at + 2);
    const known = (fields[name.toLowerCase()] ??= []);
    known.push(value);
  }
  return fields;
}
