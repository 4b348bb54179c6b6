/** The HTTP/1 half of the data listener: Node's parser on sockets that listen hands over. */
import {
  createServer,
  ServerResponse,
  type IncomingMessage,
  type Server,
  type ServerOptions,
} from "node:http";
import type { Socket } from "node:net";
import type { Duplex } from "node:stream";
import { SidestepError } from "../core/errors.ts";
import type { Exchange, UpgradeExchange } from "./exchange.ts";
import { Http1Connection } from "./http1-connection.ts";
import { Http1Exchange } from "./http1-exchange.ts";
import { malformedFault } from "./malformed.ts";
import type { ServerTimeouts } from "./timeouts.ts";

/** What the listener does with calls. */
export interface Http1Handlers {
  readonly call: (exchange: Exchange) => void;
  /** A call that wants another protocol on its connection, e.g. WebSocket. */
  readonly upgrade: (exchange: UpgradeExchange) => void;
}

/** HTTP/1 for sockets that something else accepts. */
export class Http1 {
  readonly #server: Server;
  readonly #handlers: Http1Handlers;
  readonly #connections = new WeakMap<Duplex, Http1Connection>();

  constructor(handlers: Http1Handlers, timeouts: ServerTimeouts) {
    this.#handlers = handlers;
    this.#server = createServer(optionsFor(timeouts));
    // Bytes bound the head already; a limit on lines would silently drop some.
    this.#server.maxHeadersCount = 0;
    this.#server.on("request", (request, response) => this.#received(request, response));
    this.#server.on("checkContinue", (request, response) => {
      response.writeContinue();
      this.#received(request, response);
    });
    // An expectation that nobody here knows is the provider's business, not a reason to refuse.
    this.#server.on("checkExpectation", (request, response) => this.#received(request, response));
    this.#server.on("upgrade", (request, socket, early) => this.#upgraded(request, socket, early));
    this.#server.on("connect", (_request, socket) => {
      this.#connection(socket)?.refuse(connectFault());
    });
    this.#server.on("clientError", (fault, socket) => {
      this.#connection(socket)?.refuse(malformedFault(fault));
    });
    // The server never listens itself, yet its time limits begin with this event.
    this.#server.emit("listening");
  }

  /** Takes over a paused socket with its first bytes put back; a head may have so many bytes. */
  accept(socket: Socket, headBytes: number): void {
    // Node reads it when it makes the connection's parser; its types know it as an option alone.
    Object.assign(this.#server, { maxHeaderSize: headBytes });
    this.#connections.set(socket, new Http1Connection(socket));
    this.#server.emit("connection", socket);
    socket.resume();
  }

  /** Ends connections on which no call is going on. */
  closeIdle(): void {
    this.#server.closeIdleConnections();
  }

  /** Stops the time limits' clock. Sockets are the caller's to end. */
  close(): void {
    this.#server.close(() => undefined);
  }

  #received(request: IncomingMessage, response: ServerResponse): void {
    const connection = this.#connection(request.socket);
    if (connection === undefined) return;
    this.#handlers.call(new Http1Exchange(connection, request, response));
  }

  #upgraded(request: IncomingMessage, socket: Duplex, early: Buffer): void {
    const connection = this.#connection(socket);
    if (connection === undefined) return;
    if (early.length > 0) socket.unshift(early);
    // The replies to calls that came before it on the same connection go first.
    connection.whenFree(() => this.#upgrade(connection, request));
  }

  #upgrade(connection: Http1Connection, request: IncomingMessage): void {
    // Node makes no response for an upgrade; a refusal by the provider needs one.
    const response = new ServerResponse(request);
    response.assignSocket(connection.socket);
    response.shouldKeepAlive = false;
    response.once("finish", () => connection.socket.destroySoon());
    this.#handlers.upgrade(new Http1Exchange(connection, request, response));
  }

  #connection(socket: Duplex): Http1Connection | undefined {
    return this.#connections.get(socket);
  }
}

function optionsFor(timeouts: ServerTimeouts): ServerOptions {
  return {
    headersTimeout: timeouts.headMs,
    // Uploads may take as long as they like while bytes come; intake watches that they do.
    requestTimeout: 0,
    keepAliveTimeout: timeouts.idleMs,
    connectionsCheckingInterval: Math.min(timeouts.headMs, 5_000),
    insecureHTTPParser: false,
    requireHostHeader: false,
    shouldUpgradeCallback: isTunnelled,
  };
}

/**
 * An offer of HTTP/2 (`h2c`, which Java's client makes with every call) may be ignored, and an offer on
 * a call with a body is served as that call; everything else leaves HTTP and needs a tunnel.
 */
function isTunnelled(request: IncomingMessage): boolean {
  const { headers, method } = request;
  if (method !== "GET" || headers["transfer-encoding"] !== undefined) return false;
  if (Number(headers["content-length"] ?? "0") !== 0) return false;
  const offers = (headers.upgrade ?? "").split(",").map((offer) => offer.trim().toLowerCase());
  return !offers.includes("h2c");
}

function connectFault(): SidestepError {
  return new SidestepError("sidestep_request_invalid", "CONNECT", {
    status: 405,
    sentence: "CONNECT is not served here: set Sidestep as the base URL, not as an HTTP proxy.",
  });
}
