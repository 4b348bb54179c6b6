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
import type { Door } from "./door.ts";
import type { Exchange } from "./exchange.ts";
import { Http2Exchange } from "./http2-exchange.ts";
import type { ServerTimeouts } from "./timeouts.ts";

/** Bytes a head of a reply may have: more than any that is taken from a provider. */
const replyHeadBytes = 524_288;

/** What HTTP/2 needs besides whoever serves its calls. */
export interface Http2Parts {
  readonly timeouts: ServerTimeouts;
  /** Every stream beyond a connection's first needs room of its own. */
  readonly door: Door;
}

/** HTTP/2 for sockets that something else accepts; there are no upgrades in it. */
export class Http2 {
  readonly #server: Http2Server;
  /** Open sessions with their number of open streams. */
  readonly #sessions = new Map<Http2Session, { open: number }>();

  constructor(call: (exchange: Exchange) => void, { timeouts, door }: Http2Parts) {
    this.#server = createServer({
      settings: { initialWindowSize: 262_144 },
      maxHeaderListPairs: 4_096,
      maxSendHeaderBlockLength: replyHeadBytes,
      maxSessionMemory: 64,
      // What a provider says twice, its caller may read twice.
      strictSingleValueFields: false,
    });
    this.#server.on("session", (session) => this.#opened(session, timeouts));
    this.#server.on("sessionError", () => undefined);
    this.#server.on("stream", (stream, headers, flags, lines) => {
      if (!this.#admitted(stream, door)) return;
      if (headers.expect?.toLowerCase() === "100-continue") continued(stream);
      const isEnded = (flags & constants.NGHTTP2_FLAG_END_STREAM) !== 0;
      call(new Http2Exchange({ stream, lines, isEnded }));
    });
  }

  /** Takes over a paused socket with its first bytes put back; a head may have so many bytes. */
  accept(socket: Socket, headBytes: number): void {
    this.#server.updateSettings({ maxHeaderListSize: headBytes });
    // A caller that closes its half is gone; nothing else would notice while streams wait.
    socket.on("end", () => socket.destroy());
    socket.on("error", () => undefined);
    this.#server.emit("connection", socket);
  }

  /** Tells every caller to open no further streams; sessions end with their last one. */
  closeIdle(): void {
    for (const session of this.#sessions.keys()) session.close();
  }

  /** Ends sessions without a call at once. */
  closeUnused(): void {
    for (const [session, { open }] of this.#sessions) if (open === 0) session.destroy();
  }

  /** Ends all sessions. */
  close(): void {
    for (const session of this.#sessions.keys()) session.destroy();
    this.#server.close(() => undefined);
  }

  #opened(session: ServerHttp2Session, timeouts: ServerTimeouts): void {
    const streams = { open: 0 };
    this.#sessions.set(session, streams);
    session.on("close", () => this.#sessions.delete(session));
    session.on("error", () => undefined);
    session.setTimeout(timeouts.idleMs, () => {
      if (streams.open === 0) session.close();
    });
  }

  /** Counts a stream; a caller for whom there is no room is told that it may safely try again. */
  #admitted(stream: ServerHttp2Stream, door: Door): boolean {
    const { session } = stream;
    const streams = session === undefined ? undefined : this.#sessions.get(session);
    if (streams === undefined) return true;
    if (streams.open > 0 && !door.enter()) {
      stream.on("error", () => undefined).close(constants.NGHTTP2_REFUSED_STREAM);
      return false;
    }
    streams.open += 1;
    stream.once("close", () => {
      streams.open -= 1;
      if (streams.open > 0) door.leave();
    });
    return true;
  }
}

/** Node answers this by itself only where its own request objects are used. */
function continued(stream: ServerHttp2Stream): void {
  stream.additionalHeaders({ [constants.HTTP2_HEADER_STATUS]: constants.HTTP_STATUS_CONTINUE });
}
