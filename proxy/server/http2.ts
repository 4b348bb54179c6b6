/** The HTTP/2 half of the data listener (prior knowledge, no TLS): Node's sessions on sockets that listen hands over. */
import {
  constants,
  createServer,
  type Http2Server,
  type Http2Session,
  type ServerHttp2Session,
  type ServerHttp2Stream,
} from "node:http2";
import type { Socket } from "node:net";
import type { Exchange } from "./exchange.ts";
import { headBytes } from "./http1.ts";
import { Http2Exchange } from "./http2-exchange.ts";
import type { ServerTimeouts } from "./timeouts.ts";

/** HTTP/2 for sockets that something else accepts; there are no upgrades in it. */
export class Http2 {
  readonly #server: Http2Server;
  /** Open sessions with their number of open streams. */
  readonly #sessions = new Map<Http2Session, number>();

  constructor(call: (exchange: Exchange) => void, timeouts: ServerTimeouts) {
    this.#server = createServer({
      settings: { maxHeaderListSize: headBytes, initialWindowSize: 262_144 },
      maxHeaderListPairs: 4_096,
      maxSendHeaderBlockLength: headBytes * 2,
      maxSessionMemory: 64,
      // What a provider says twice, its caller may read twice.
      strictSingleValueFields: false,
    });
    this.#server.on("session", (session) => this.#opened(session, timeouts));
    this.#server.on("sessionError", () => undefined);
    this.#server.on("stream", (stream, headers, flags, lines) => {
      this.#counted(stream);
      if (headers.expect?.toLowerCase() === "100-continue") continued(stream);
      const isEnded = (flags & constants.NGHTTP2_FLAG_END_STREAM) !== 0;
      call(new Http2Exchange({ stream, lines, isEnded }));
    });
  }

  /** Takes over a paused socket with its first bytes put back. */
  accept(socket: Socket): void {
    // A caller that closes its half is gone; nothing else would notice while streams wait.
    socket.on("end", () => socket.destroy());
    socket.on("error", () => undefined);
    this.#server.emit("connection", socket);
  }

  /** Tells every caller to open no further streams; sessions end with their last one. */
  closeIdle(): void {
    for (const session of this.#sessions.keys()) session.close();
  }

  /** Ends all sessions. */
  close(): void {
    for (const session of this.#sessions.keys()) session.destroy();
    this.#server.close(() => undefined);
  }

  #opened(session: ServerHttp2Session, timeouts: ServerTimeouts): void {
    this.#sessions.set(session, 0);
    session.on("close", () => this.#sessions.delete(session));
    session.on("error", () => undefined);
    session.setTimeout(timeouts.idleMs, () => {
      if (this.#sessions.get(session) === 0) session.close();
    });
  }

  #counted(stream: ServerHttp2Stream): void {
    const { session } = stream;
    if (session === undefined) return;
    const change = (by: number): void => {
      const open = this.#sessions.get(session);
      if (open !== undefined) this.#sessions.set(session, open + by);
    };
    change(1);
    stream.once("close", () => change(-1));
  }
}

/** Node answers this by itself only where its own request objects are used. */
function continued(stream: ServerHttp2Stream): void {
  stream.additionalHeaders({ [constants.HTTP2_HEADER_STATUS]: constants.HTTP_STATUS_CONTINUE });
}
