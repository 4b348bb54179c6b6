/** An HTTP/1 call as an exchange; http1 makes one for each request. */
import type { IncomingMessage, ServerResponse } from "node:http";
import type { Socket } from "node:net";
import type { Readable, Writable } from "node:stream";
import { headerValues, pairsOf, type HeaderLines, type RequestHead } from "../core/http.ts";
import type { ReplyHead, UpgradeExchange } from "./exchange.ts";
import { announcesBody, flawOf, originForm } from "./framing.ts";
import type { Http1Connection, Pending } from "./http1-connection.ts";

/** One request and its reply on a connection that may serve more. */
export class Http1Exchange implements UpgradeExchange, Pending {
  readonly head: RequestHead;
  readonly body: Readable | null;
  readonly flaw: string | null;
  readonly startedMs: number = performance.now();
  readonly #connection: Http1Connection;
  readonly #request: IncomingMessage;
  readonly #response: ServerResponse;
  #isOver = false;
  #isSelfClosing = true;
  #over: () => void = () => undefined;

  constructor(connection: Http1Connection, request: IncomingMessage, response: ServerResponse) {
    this.#connection = connection;
    this.#request = request;
    this.#response = response;
    const target = request.url ?? "";
    const { rawHeaders: headers, method = "", httpVersion: version } = request;
    this.flaw = flawOf({ target, headers, version });
    this.head = { method, target: originForm(target) ?? target, headers };
    this.body = announcesBody(headers) ? request : null;
    if (this.body === null) request.resume();
    request.on("error", () => undefined);
    // Only what the provider sent goes back; a Date of ours would say otherwise.
    response.sendDate = false;
    response.on("error", () => undefined);
    response.on("close", () => this.#end());
    connection.add(this);
  }

  get socket(): Socket {
    return this.#connection.socket;
  }

  get sink(): Writable {
    return this.#response;
  }

  isReceived(): boolean {
    return this.#request.complete;
  }

  isBegun(): boolean {
    return this.#response.headersSent;
  }

  trailers(): HeaderLines {
    return this.#request.rawTrailers;
  }

  mayHaveBody(status: number): boolean {
    return this.head.method !== "HEAD" && status !== 204 && status !== 304;
  }

  begin(head: ReplyHead, isLast: boolean): void {
    const lines = isLast ? [...head.headers, "Connection", "close"] : [...head.headers];
    this.#isSelfClosing = headerValues(lines, "content-length").length > 0;
    this.#response.writeHead(head.status, head.statusText, lines);
  }

  flushHead(): void {
    // flushHeaders() would write bytes above ASCII as UTF-8; headers are latin1.
    this.#response.write("", "latin1");
  }

  finish(trailers: HeaderLines): void {
    if (trailers.length > 0) this.#response.addTrailers(pairsOf(trailers));
    this.#response.end();
  }

  cut(): void {
    const { socket, chunkedEncoding } = this.#response;
    if (socket === null && !this.#isOver) {
      // Still queued behind an earlier reply, which must not suffer.
      this.#response.once("socket", () => process.nextTick(() => this.cut()));
      return;
    }
    if (chunkedEncoding || this.#isSelfClosing || !this.isBegun()) {
      // What has come still goes out; the missing end tells the caller.
      socket?.destroySoon();
      return;
    }
    // Without length or chunks a close means success, so only a reset shows the break.
    socket?.resetAndDestroy();
  }

  drop(): void {
    this.#connection.socket.destroy();
  }

  discardBody(lingerMs: number): void {
    if (this.body === null || this.#request.complete || this.#connection.socket.destroyed) return;
    const timer = setTimeout(() => this.drop(), lingerMs).unref();
    this.#request.once("close", () => clearTimeout(timer)).once("end", () => clearTimeout(timer));
    this.#request.resume();
  }

  detach(): void {
    this.#response.detachSocket(this.#connection.socket);
    this.#over = () => undefined;
    this.#end();
  }

  isOver(): boolean {
    return this.#isOver;
  }

  whenOver(listener: () => void): void {
    this.#over = listener;
  }

  lost(): void {
    this.#end();
  }

  #end(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#over();
    this.#connection.remove(this);
  }
}
