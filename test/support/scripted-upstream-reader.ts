/** Reads HTTP/1.1 requests off a raw socket for the scripted upstream, keeping every byte of the head as it came. */
import { createHash } from "node:crypto";
import type { Socket } from "node:net";

/** Flat header lines: name, value, name, value; order, case and duplicates as on the wire (latin1). */
export type RawLines = readonly string[];

/** A request head as it came. */
export interface RawHead {
  /** The whole head with its final blank line. */
  readonly bytes: Buffer;
  /** The request line without its line end. */
  readonly line: string;
  readonly method: string;
  readonly target: string;
  readonly headers: RawLines;
}

/** A request body as it came, framing removed. */
export interface RawBody {
  readonly sha256: string;
  /** Body length in bytes. */
  readonly length: number;
  /** The first bytes of the body, up to the upstream's `keepBytes`. */
  readonly bytes: Buffer;
  readonly framing: "none" | "length" | "chunked";
  readonly trailers: RawLines;
  /** False when the connection ended first or the framing was broken. */
  readonly isComplete: boolean;
}

/** Pulls bytes from a socket; a socket that ends or breaks just has no more of them. */
export class ByteSource {
  readonly #chunks: AsyncIterator<Buffer>;
  #held: Buffer = Buffer.alloc(0);
  /** Bytes taken off the socket so far. */
  received = 0;

  constructor(socket: Socket) {
    this.#chunks = socket.iterator({ destroyOnReturn: false });
  }

  /** The next bytes that are there, at most `max`; null at the end. */
  async some(max: number): Promise<Buffer | null> {
    if (this.#held.length === 0 && !(await this.#pull())) return null;
    const taken = this.#held.subarray(0, max);
    this.#held = this.#held.subarray(taken.length);
    return taken;
  }

  /** Everything up to and including `mark`; null when the end comes first. */
  async through(mark: string): Promise<Buffer | null> {
    for (;;) {
      const at = this.#held.indexOf(mark, 0, "latin1");
      if (at >= 0) return this.some(at + mark.length);
      if (!(await this.#pull())) return null;
    }
  }

  async #pull(): Promise<boolean> {
    try {
      const next = await this.#chunks.next();
      if (next.done === true) return false;
      this.received += next.value.length;
      this.#held = this.#held.length === 0 ? next.value : Buffer.concat([this.#held, next.value]);
      return true;
    } catch {
      return false;
    }
  }
}

/** The next request head; null when the connection ends before one is whole. */
export async function readHead(source: ByteSource): Promise<RawHead | null> {
  const bytes = await source.through("\r\n\r\n");
  if (bytes === null) return null;
  const [line = "", ...rest] = bytes.toString("latin1", 0, bytes.length - 4).split("\r\n");
  const [method = "", target = ""] = line.split(" ");
  return { bytes, line, method, target, headers: linesOf(rest) };
}

/** The value of a header by case-insensitive name. */
export function rawValue(headers: RawLines, name: string): string | undefined {
  const at = headers.findIndex((text, index) => index % 2 === 0 && text.toLowerCase() === name);
  return at < 0 ? undefined : headers[at + 1];
}

/** Collects one body, reading only while `mayRead` lets it. */
export class BodyReader {
  readonly #source: ByteSource;
  readonly #keepBytes: number;
  readonly #mayRead: () => Promise<void>;
  readonly #hash = createHash("sha256");
  readonly #kept: Buffer[] = [];
  #length = 0;

  constructor(source: ByteSource, keepBytes: number, mayRead: () => Promise<void>) {
    this.#source = source;
    this.#keepBytes = keepBytes;
    this.#mayRead = mayRead;
  }

  /** Body bytes received so far. */
  get length(): number {
    return this.#length;
  }

  async read(head: RawHead): Promise<RawBody> {
    const coding = rawValue(head.headers, "transfer-encoding");
    const length = rawValue(head.headers, "content-length");
    if (coding !== undefined) return this.#chunked();
    if (length === undefined) return this.#seen("none", true);
    return this.#seen("length", await this.#exactly(Number(length)));
  }

  async #chunked(): Promise<RawBody> {
    for (;;) {
      const line = await this.#source.through("\r\n");
      const size = line === null ? Number.NaN : Number.parseInt(line.toString("latin1"), 16);
      if (Number.isNaN(size)) return this.#seen("chunked", false);
      if (size === 0) return this.#trailers();
      const whole = await this.#exactly(size);
      const end = whole ? await this.#source.through("\r\n") : null;
      if (end?.length !== 2) return this.#seen("chunked", false);
    }
  }

  async #trailers(): Promise<RawBody> {
    const lines: string[] = [];
    for (;;) {
      const line = await this.#source.through("\r\n");
      if (line === null) return this.#seen("chunked", false, linesOf(lines));
      if (line.length === 2) return this.#seen("chunked", true, linesOf(lines));
      lines.push(line.toString("latin1", 0, line.length - 2));
    }
  }

  async #exactly(length: number): Promise<boolean> {
    for (let left = length; left > 0;) {
      await this.#mayRead();
      const bytes = await this.#source.some(left);
      if (bytes === null) return false;
      left -= bytes.length;
      this.#take(bytes);
    }
    return true;
  }

  #take(bytes: Buffer): void {
    this.#hash.update(bytes);
    const room = this.#keepBytes - this.#length;
    if (room > 0) this.#kept.push(Buffer.from(bytes.subarray(0, room)));
    this.#length += bytes.length;
  }

  #seen(framing: RawBody["framing"], isComplete: boolean, trailers: RawLines = []): RawBody {
    const sha256 = this.#hash.digest("hex");
    const bytes = Buffer.concat(this.#kept);
    return { sha256, length: this.#length, bytes, framing, trailers, isComplete };
  }
}

function linesOf(texts: readonly string[]): string[] {
  const lines: string[] = [];
  for (const text of texts) {
    const colon = text.indexOf(":");
    lines.push(text.slice(0, colon), text.slice(colon + 1).replace(/^[ \t]+|[ \t]+$/g, ""));
  }
  return lines;
}
