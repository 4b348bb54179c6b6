/**
 * A raw-socket HTTP/1.1 upstream for tests: it records exactly the bytes it received and plays a script.
 *
 * ```ts
 * const upstream = await createScriptedUpstream();
 * upstream.play({ status: 200, headers: ["Content-Type", "text/plain"], body: "hello" });
 * // ... send a call to upstream.url ...
 * const exchange = await upstream.next();          // in the order in which heads arrived
 * exchange.head.headers;                           // raw lines, order and case as on the wire
 * (await exchange.body()).sha256;                  // settles when the body has ended or broken
 * await exchange.closed;                           // the connection is gone
 * await upstream.close();
 * ```
 * `play` sets what every call gets from now on, `queue` what the next ones get first. A script is a
 * `ReplyScript` (data: status, headers, framing, trailers, 1xx, fragmentation by seed, trickle, a fault
 * at any phase) or a function with full control of the exchange's socket.
 */
import { once } from "node:events";
import { createServer, type AddressInfo, type Server, type Socket } from "node:net";
import { createServer as createTlsServer, TLSSocket } from "node:tls";
import { setTimeout as pause } from "node:timers/promises";
import {
  BodyReader,
  ByteSource,
  rawValue,
  readHead,
  type RawBody,
  type RawHead,
} from "./scripted-upstream-reader.ts";
import { beforeFault, fragmentsOf, render, type ReplyScript } from "./scripted-upstream-script.ts";

/** What a call gets. */
export type Script = ReplyScript | ((exchange: Exchange) => Promise<void> | void);

/** Settings of a scripted upstream. */
export interface ScriptedUpstreamOptions {
  /** Serves TLS with this key and certificate (PEM). */
  readonly tls?: { readonly key: string; readonly cert: string };
  /** How many body bytes of each call are kept besides their hash; default 1 MiB. */
  readonly keepBytes?: number;
  /** Address to listen on; default 127.0.0.1. */
  readonly host?: string;
}

/** One request on one connection, and the hand that answers it. */
export interface Exchange {
  readonly head: RawHead;
  /** The connection, for scripts that write their own bytes. */
  readonly socket: Socket;
  /** Counts connections from 0: two exchanges with the same number shared one. */
  readonly connection: number;
  /** The request's body, once it has ended or broken. Never rejects. */
  body(): Promise<RawBody>;
  /** Body bytes taken off the socket so far. */
  received(): number;
  /** Everything that came after an upgrade or CONNECT head; ends when the connection does. */
  raw(): AsyncIterable<Buffer>;
  /** Stops taking body bytes off the socket: a slow reader. */
  holdBody(): void;
  resumeBody(): void;
  /** Writes bytes and waits until the kernel has them; false when the connection is gone. */
  write(bytes: Buffer | string): Promise<boolean>;
  /** Plays a reply described by data. */
  reply(script: ReplyScript): Promise<void>;
  /** Breaks the connection with RST. */
  reset(): void;
  /** Settles when the connection is gone, whoever ended it. */
  readonly closed: Promise<void>;
}

/** The upstream; close it after the test. */
export interface ScriptedUpstream {
  readonly port: number;
  /** `http://127.0.0.1:port` or `https://localhost:port`, without a path. */
  readonly url: string;
  /** Every exchange so far, in the order in which heads arrived. */
  readonly exchanges: readonly Exchange[];
  /** Connections accepted so far. */
  readonly connections: number;
  /** Connections that are open now. */
  readonly open: number;
  play(script: Script): void;
  queue(...scripts: Script[]): void;
  /** The next exchange that this method has not handed out yet. */
  next(): Promise<Exchange>;
  /** Connections are refused from now on; open ones are broken. The port stays ours to `accept` again. */
  refuse(): Promise<void>;
  /** Listens again on the same port after `refuse`. */
  accept(): Promise<void>;
  /** Connections from now on are accepted and broken at once, before a byte is read. */
  resetOnConnect(is: boolean): void;
  /** Errors that scripts threw; tests may assert that there are none. */
  readonly errors: readonly unknown[];
  close(): Promise<void>;
}

/** Starts an upstream on a free port; until told otherwise it answers every call with an empty 200. */
export async function createScriptedUpstream(
  options: ScriptedUpstreamOptions = {},
): Promise<ScriptedUpstream> {
  const upstream = new RawUpstream(options);
  await upstream.accept();
  return upstream;
}

class RawUpstream implements ScriptedUpstream {
  readonly exchanges: Exchange[] = [];
  readonly errors: unknown[] = [];
  port = 0;
  connections = 0;
  readonly #options: ScriptedUpstreamOptions;
  readonly #sockets = new Set<Socket>();
  readonly #queued: Script[] = [];
  readonly #waiting: (() => void)[] = [];
  #server: Server | null = null;
  #script: Script = {};
  #handedOut = 0;
  #isResetting = false;

  constructor(options: ScriptedUpstreamOptions) {
    this.#options = options;
  }

  get url(): string {
    if (this.#options.tls !== undefined) return `https://localhost:${this.port}`;
    return `http://${this.#options.host ?? "127.0.0.1"}:${this.port}`;
  }

  get open(): number {
    return this.#sockets.size;
  }

  play(script: Script): void {
    this.#script = script;
  }

  queue(...scripts: Script[]): void {
    this.#queued.push(...scripts);
  }

  async next(): Promise<Exchange> {
    const at = this.#handedOut;
    this.#handedOut += 1;
    for (;;) {
      const exchange = this.exchanges[at];
      if (exchange !== undefined) return exchange;
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    }
  }

  async accept(): Promise<void> {
    const { tls, host = "127.0.0.1" } = this.#options;
    const accepted = (socket: Socket): void => this.#accepted(socket);
    const server = tls === undefined ? createServer(accepted) : createTlsServer(tls, accepted);
    server.on("tlsClientError", () => undefined);
    server.listen(this.port, host);
    await once(server, "listening");
    this.port = addressOf(server).port;
    this.#server = server;
  }

  async refuse(): Promise<void> {
    const server = this.#server;
    this.#server = null;
    if (server === null) return;
    const closed = once(server, "close");
    server.close();
    for (const socket of this.#sockets) reset(socket);
    await closed;
  }

  resetOnConnect(is: boolean): void {
    this.#isResetting = is;
  }

  close(): Promise<void> {
    return this.refuse();
  }

  #accepted(socket: Socket): void {
    const connection = this.connections;
    this.connections += 1;
    socket.on("error", () => undefined);
    if (this.#isResetting) {
      reset(socket);
      return;
    }
    this.#sockets.add(socket);
    socket.setNoDelay(true);
    socket.on("close", () => this.#sockets.delete(socket));
    void this.#serve(socket, connection).catch((error: unknown) => this.errors.push(error));
  }

  async #serve(socket: Socket, connection: number): Promise<void> {
    const source = new ByteSource(socket);
    const closed = new Promise<void>((resolve) => {
      socket.once("close", () => resolve());
    });
    for (;;) {
      const head = await readHead(source);
      if (head === null) return;
      const exchange = new RawExchange({ socket, connection, head, source, closed });
      this.exchanges.push(exchange);
      const script = this.#queued.shift() ?? this.#script;
      for (const wake of this.#waiting.splice(0)) wake();
      const body = exchange.readBody(this.#options.keepBytes ?? 1_048_576);
      const played = this.#perform(exchange, script);
      if (exchange.isRaw) return played;
      await body;
      await played;
    }
  }

  async #perform(exchange: Exchange, script: Script): Promise<void> {
    try {
      await (typeof script === "function" ? script(exchange) : exchange.reply(script));
    } catch (error) {
      this.errors.push(error);
      exchange.reset();
    }
  }
}

interface RawExchangeParts {
  readonly socket: Socket;
  readonly connection: number;
  readonly head: RawHead;
  readonly source: ByteSource;
  readonly closed: Promise<void>;
}

class RawExchange implements Exchange {
  readonly socket: Socket;
  readonly connection: number;
  readonly head: RawHead;
  readonly closed: Promise<void>;
  /** True when what follows the head is no HTTP body. */
  readonly isRaw: boolean;
  readonly #source: ByteSource;
  #body: Promise<RawBody> | null = null;
  #reader: BodyReader | null = null;
  #held: PromiseWithResolvers<void> | null = null;

  constructor(parts: RawExchangeParts) {
    this.socket = parts.socket;
    this.connection = parts.connection;
    this.head = parts.head;
    this.closed = parts.closed;
    this.#source = parts.source;
    const { method, headers } = parts.head;
    this.isRaw = method === "CONNECT" || rawValue(headers, "upgrade") !== undefined;
  }

  readBody(keepBytes: number): Promise<RawBody> {
    const mayRead = async (): Promise<void> => this.#held?.promise;
    this.#reader = new BodyReader(this.#source, keepBytes, mayRead);
    this.#body = this.isRaw ? Promise.resolve(nothing) : this.#reader.read(this.head);
    return this.#body;
  }

  body(): Promise<RawBody> {
    return this.#body ?? Promise.resolve(nothing);
  }

  received(): number {
    return this.#reader?.length ?? 0;
  }

  async *raw(): AsyncGenerator<Buffer> {
    for (;;) {
      const bytes = await this.#source.some(Number.MAX_SAFE_INTEGER);
      if (bytes === null) return;
      yield bytes;
    }
  }

  holdBody(): void {
    this.#held ??= Promise.withResolvers<void>();
  }

  resumeBody(): void {
    this.#held?.resolve();
    this.#held = null;
  }

  write(bytes: Buffer | string): Promise<boolean> {
    const { socket } = this;
    if (socket.destroyed || socket.writableEnded) return Promise.resolve(false);
    return new Promise((resolve) => {
      socket.write(bytes, (error) => resolve(error === undefined || error === null));
    });
  }

  reset(): void {
    reset(this.socket);
  }

  async reply(script: ReplyScript): Promise<void> {
    if ((script.when ?? "body") === "body") await this.body();
    const isSent = await this.#send(beforeFault(render(script), script.fault?.phase), script);
    if (isSent) await this.#finish(script);
  }

  async #finish(script: ReplyScript): Promise<void> {
    switch (script.fault?.kind) {
      case "stall":
        return;
      case "reset":
        return this.reset();
      case "close":
        this.socket.end();
        return;
      case "garbage":
        await this.write("\u0000\u0001 this is not HTTP \u0002\r\n\r\n");
        this.socket.end();
        return;
      case undefined:
        if (script.isLast === true || script.framing === "close") this.socket.end();
    }
  }

  async #send(bytes: Buffer, script: ReplyScript): Promise<boolean> {
    const { fragments, paceMs } = script;
    if (bytes.length === 0) return !this.socket.destroyed;
    if (fragments === undefined && paceMs === undefined) return this.write(bytes);
    const { seed, maxBytes } = fragments ?? { seed: 1, maxBytes: 1 };
    for (const piece of fragmentsOf(bytes, seed, maxBytes)) {
      if (!(await this.write(piece))) return false;
      await nextTurn(paceMs);
    }
    return true;
  }
}

const nothing: RawBody = {
  sha256: "",
  length: 0,
  bytes: Buffer.alloc(0),
  framing: "none",
  trailers: [],
  isComplete: true,
};

// TLS sockets cannot send RST by themselves; they just break off.
function reset(socket: Socket): void {
  if (socket instanceof TLSSocket) socket.destroy();
  if (!(socket instanceof TLSSocket)) socket.resetAndDestroy();
}

function nextTurn(paceMs: number | undefined): Promise<void> {
  if (paceMs !== undefined && paceMs > 0) return pause(paceMs);
  return new Promise((resolve) => setImmediate(resolve));
}

function addressOf(server: Server): AddressInfo {
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("not listening on TCP");
  return address;
}
