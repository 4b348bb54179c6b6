/** What a caller on a raw socket sees of one reply: its head, body and end, framing taken off. */
import { once } from "node:events";
import { connect as connectHttp2 } from "node:http2";
import { connect } from "node:net";
import {
  BodyReader,
  ByteSource,
  rawValue,
  readHead,
  type RawHead,
  type RawLines,
} from "../support/scripted-upstream-reader.ts";

/** One reply as a caller saw it. */
export interface Sight {
  /** Status line as written; null when the connection ended without a whole head. */
  readonly line: string | null;
  /** End-to-end lines as `Name: value`, Sidestep's own left out. */
  readonly headers: readonly string[];
  /** Latin1, so that every byte shows. */
  readonly body: string;
  readonly trailers: RawLines;
  readonly end: "complete" | "cut";
  /** Sidestep's own lines, by lower-case name. */
  readonly ours: ReadonlyMap<string, string>;
}

const hopByHop: ReadonlySet<string> = new Set([
  "connection",
  "keep-alive",
  "trailer",
  "transfer-encoding",
]);

const added: ReadonlySet<string> = new Set(["cache-status", "server-timing"]);

/** Most body bytes kept. */
const keepBytes = 4_194_304;

/** Sends `request` over a connection of its own and reads the first reply that is not an interim one. */
export async function look(port: number, request: Buffer): Promise<Sight> {
  const socket = connect({ port, host: "127.0.0.1", noDelay: true });
  let isBroken = false;
  socket.on("error", () => {
    isBroken = true;
  });
  await once(socket, "connect");
  socket.write(request);
  const source = new ByteSource(socket);
  try {
    const head = await finalHead(source);
    if (head === null) return nothing;
    const { body, trailers, isComplete } = await bodyOf(head, source);
    return sightOf(head, { body, trailers, isComplete: isComplete && !isBroken });
  } finally {
    socket.destroy();
  }
}

/** A connection that ended without a word. */
export const nothing: Sight = {
  line: null,
  headers: [],
  body: "",
  trailers: [],
  end: "cut",
  ours: new Map(),
};

async function finalHead(source: ByteSource): Promise<RawHead | null> {
  for (;;) {
    const head = await readHead(source);
    if (head === null || !/^HTTP\/1\.1 1\d\d /.test(head.line)) return head;
  }
}

interface SeenBody {
  readonly body: Buffer;
  readonly trailers: RawLines;
  readonly isComplete: boolean;
}

async function bodyOf(head: RawHead, source: ByteSource): Promise<SeenBody> {
  const isFramed = ["content-length", "transfer-encoding"].some(
    (name) => rawValue(head.headers, name) !== undefined,
  );
  if (!isFramed) return restOf(source);
  const reader = new BodyReader(source, keepBytes, () => Promise.resolve());
  const { bytes, trailers, isComplete } = await reader.read(head);
  return { body: bytes, trailers, isComplete };
}

async function restOf(source: ByteSource): Promise<SeenBody> {
  const chunks: Buffer[] = [];
  for (;;) {
    const chunk = await source.some(keepBytes);
    if (chunk === null) break;
    chunks.push(chunk);
  }
  return { body: Buffer.concat(chunks), trailers: [], isComplete: true };
}

function sightOf(head: RawHead, seen: SeenBody): Sight {
  return {
    line: head.line,
    ...sorted(head.headers),
    body: seen.body.toString("latin1"),
    trailers: seen.trailers,
    end: seen.isComplete ? "complete" : "cut",
  };
}

/** End-to-end lines, and Sidestep's own. */
function sorted(lines: RawLines): Pick<Sight, "headers" | "ours"> {
  const headers: string[] = [];
  const ours = new Map<string, string>();
  for (let at = 0; at < lines.length; at += 2) {
    const [name = "", value = ""] = lines.slice(at, at + 2);
    const lower = name.toLowerCase();
    if (lower.startsWith("x-sidestep-") || added.has(lower)) ours.set(lower, value);
    else if (!hopByHop.has(lower)) headers.push(`${name}: ${value}`);
  }
  return { headers, ours };
}

/** A request as HTTP/2 puts it. */
export interface Http2Request {
  readonly method: string;
  readonly target: string;
  readonly headers: RawLines;
  readonly body: string;
}

/** The same over HTTP/2; `line` is written as HTTP/1.1 would, without the text that HTTP/2 does not have. */
export async function lookHttp2(port: number, request: Http2Request): Promise<Sight> {
  const session = connectHttp2(`http://127.0.0.1:${port}`, {
    settings: { maxHeaderListSize: 1_048_576 },
    maxSendHeaderBlockLength: 1_048_576,
  });
  session.on("error", () => undefined);
  const { method, target, headers } = request;
  const pseudo = [":method", method, ":path", target, ":scheme", "http", ":authority", "localhost"];
  const stream = session.request([...pseudo, ...headers]);
  const chunks: Buffer[] = [];
  let [head, trailers]: [RawLines, RawLines] = [[], []];
  let isEnded = false;
  stream.on("response", (_headers, _flags, lines: string[]) => (head = lines));
  stream.on("trailers", (_trailers, _flags, lines: string[]) => (trailers = lines));
  stream.on("data", (chunk: Buffer) => void chunks.push(chunk));
  stream.on("end", () => (isEnded = true));
  stream.on("error", () => undefined);
  stream.end(request.body);
  await new Promise((resolve) => stream.once("close", resolve));
  session.destroy();
  const status = rawValue(head, ":status");
  const isComplete = isEnded && stream.rstCode === 0;
  return {
    line: status === undefined ? null : `HTTP/1.1 ${status}`,
    ...sorted(head.flatMap((part, at) => (head[at - (at % 2)]?.startsWith(":") ? [] : [part]))),
    body: Buffer.concat(chunks).toString("latin1"),
    trailers,
    end: isComplete ? "complete" : "cut",
  };
}

/**
 * What a caller over HTTP/2 should see of the same reply: names in lower case, no status text, and for
 * a status that HTTP does not know the 500 as which RFC 9110 (15) has clients take it.
 */
export function asHttp2(sight: Sight): Sight {
  const lower = (line: string): string => line.replace(/^[^:]*/, (name) => name.toLowerCase());
  return {
    ...sight,
    line:
      sight.line
        ?.split(" ", 2)
        .join(" ")
        .replace(/[6-9]\d\d$/, "500") ?? null,
    headers: sight.headers.map(lower),
    trailers: sight.trailers.map((part, at) => (at % 2 === 0 ? part.toLowerCase() : part)),
  };
}
