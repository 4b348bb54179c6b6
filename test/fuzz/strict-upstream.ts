/** An upstream that believes nothing: every byte that a proxy sends must be one sound request, or it is an anomaly. */
import { createHash } from "node:crypto";
import { once } from "node:events";
import { createServer, type Socket } from "node:net";

/** The upstream; close it after the run. */
export interface StrictUpstream {
  readonly port: number;
  /** Sound requests so far. */
  readonly requests: number;
  /** What was no sound request. */
  readonly anomalies: readonly string[];
  /** What replies say from now on; the default names the SHA-256 of the request's body. */
  reply: (body: Buffer) => Buffer;
  /** Whether a reply ends with its connection. */
  closesAfterReply: boolean;
  close(): Promise<void>;
}

/** Starts one on a free port. */
export async function createStrictUpstream(): Promise<StrictUpstream> {
  const sockets = new Set<Socket>();
  const anomalies: string[] = [];
  const state = { requests: 0, reply: hashReply, isLast: false };
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on("close", () => sockets.delete(socket)).on("error", () => undefined);
    void serve(socket, {
      came: (body) => {
        state.requests += 1;
        if (state.isLast) socket.end(state.reply(body));
        else socket.write(state.reply(body));
      },
      odd: (what) => {
        if (anomalies.length < 20) anomalies.push(what);
        socket.destroy();
      },
    });
  });
  server.listen({ port: 0, host: "127.0.0.1", backlog: 1024 });
  await once(server, "listening");
  const address = server.address();
  return {
    port: typeof address === "object" ? (address?.port ?? 0) : 0,
    anomalies,
    get requests() {
      return state.requests;
    },
    get reply() {
      return state.reply;
    },
    set reply(next) {
      state.reply = next;
    },
    get closesAfterReply() {
      return state.isLast;
    },
    set closesAfterReply(is) {
      state.isLast = is;
    },
    close: async () => {
      server.close();
      for (const socket of sockets) socket.destroy();
      await once(server, "close");
    },
  };
}

/** A whole reply that names the hash of what came. */
function hashReply(body: Buffer): Buffer {
  const hash = createHash("sha256").update(body).digest("hex");
  return Buffer.from(`HTTP/1.1 200 OK\r\nContent-Length: 64\r\n\r\n${hash}`);
}

interface Hearing {
  readonly came: (body: Buffer) => void;
  readonly odd: (what: string) => void;
}

async function serve(socket: Socket, hearing: Hearing): Promise<void> {
  let held: Buffer = Buffer.alloc(0);
  try {
    for await (const chunk of socket) {
      const left = readAll(Buffer.concat([held, Buffer.from(chunk)]), hearing);
      if (left === null) return;
      held = left;
    }
  } catch {
    // A connection that breaks is no request.
  }
}

/** Hears of every whole request; what is left begins the next one, null after something odd. */
function readAll(bytes: Buffer, hearing: Hearing): Buffer | null {
  let left = bytes;
  for (let read = readRequest(left); read !== null; read = readRequest(left)) {
    if (typeof read === "string") {
      hearing.odd(read);
      return null;
    }
    left = read.rest;
    hearing.came(read.body);
  }
  return left;
}

interface Read {
  readonly body: Buffer;
  readonly rest: Buffer;
}

const line = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+ \/[\x21-\x7e\x80-\xff]* HTTP\/1\.1$/u;
const header = /^([!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \t]*([\t\x20-\x7e\x80-\xff]*)$/u;

/** Null when more bytes are needed; a text when it can be no sound request. */
function readRequest(bytes: Buffer): Read | string | null {
  const end = bytes.indexOf("\r\n\r\n");
  if (end < 0) return null;
  const [first = "", ...lines] = bytes.toString("latin1", 0, end).split("\r\n");
  if (!line.test(first)) return `request line ${JSON.stringify(first)}`;
  const headers = lines.map((each) => header.exec(each));
  if (headers.includes(null)) return `header line in ${JSON.stringify(lines)}`;
  const values = (name: string): string[] =>
    headers.flatMap((match) => (match?.[1]?.toLowerCase() === name ? [match[2] ?? ""] : []));
  if (values("host").length !== 1) return `host lines in ${JSON.stringify(lines)}`;
  const [lengths, codings] = [values("content-length"), values("transfer-encoding")];
  const isFramedOnce = lengths.length + codings.length <= 1;
  const isKnown = codings.every((coding) => coding === "chunked");
  if (!isFramedOnce || !isKnown) return `framing in ${JSON.stringify(lines)}`;
  const rest = bytes.subarray(end + 4);
  return codings.length > 0 ? readChunks(rest) : readLength(rest, lengths[0] ?? "0");
}

function readLength(bytes: Buffer, length: string): Read | string | null {
  if (!/^\d+$/u.test(length)) return `length ${length}`;
  if (bytes.length < Number(length)) return null;
  return { body: bytes.subarray(0, Number(length)), rest: bytes.subarray(Number(length)) };
}

function readChunks(bytes: Buffer): Read | string | null {
  const parts: Buffer[] = [];
  for (let at = 0; ;) {
    const end = bytes.indexOf("\r\n", at);
    if (end < 0) return null;
    const size = bytes.toString("latin1", at, end);
    if (!/^[0-9a-f]+$/iu.test(size)) return `chunk size ${JSON.stringify(size)}`;
    const length = Number.parseInt(size, 16);
    const from = end + 2;
    if (bytes.length < from + length + 2) return null;
    if (bytes.toString("latin1", from + length, from + length + 2) !== "\r\n") {
      return length === 0 ? "trailers" : "chunk end";
    }
    parts.push(bytes.subarray(from, from + length));
    at = from + length + 2;
    if (length === 0) return { body: Buffer.concat(parts), rest: bytes.subarray(at) };
  }
}
