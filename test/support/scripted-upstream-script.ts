/** What a scripted upstream plays: a reply described by data, with a fault at any phase and random fragmentation. */
import type { RawLines } from "./scripted-upstream-reader.ts";

/** Where a fault strikes; bytes before that point are sent as they should be. */
export type Phase =
  | "before-headers"
  | "mid-headers"
  | "after-headers"
  | "mid-body"
  | "before-last-chunk";

/** What happens there: RST, FIN, silence for ever, or bytes that are no HTTP followed by FIN. */
export type FaultKind = "reset" | "close" | "stall" | "garbage";

/** One reply. Every field has a plain default: `{}` is an empty 200. */
export interface ReplyScript {
  /** Default 200. */
  readonly status?: number;
  /** Status text; default "OK". */
  readonly reason?: string;
  /** Header lines as written (latin1); framing lines are added at the end. */
  readonly headers?: RawLines;
  /** The body, in the pieces that become chunks when chunked. */
  readonly body?: readonly (Buffer | string)[] | Buffer | string;
  /** Default "length"; "close" ends the body with the connection; "none" adds nothing. */
  readonly framing?: "length" | "chunked" | "close" | "none";
  /** Sent after the last chunk; only with "chunked". */
  readonly trailers?: RawLines;
  /** Interim replies before the real one. */
  readonly informational?: readonly { readonly status: number; readonly headers?: RawLines }[];
  /** When the reply begins: after the request's head, or (default) after its body. */
  readonly when?: "head" | "body";
  /** Cuts what is sent into random pieces of 1 to `maxBytes`, the same for the same seed. */
  readonly fragments?: { readonly seed: number; readonly maxBytes: number };
  /** Milliseconds between pieces: a trickle. Default 0, each piece in its own turn of the loop. */
  readonly paceMs?: number;
  readonly fault?: { readonly phase: Phase; readonly kind: FaultKind };
  /** Closes the connection after the reply, having said so. Default false. */
  readonly isLast?: boolean;
}

/** A reply as runs of bytes by phase, in the order of sending. */
export interface Rendered {
  readonly interim: Buffer;
  readonly head: Buffer;
  readonly body: readonly Buffer[];
  readonly end: Buffer;
}

/** Renders a reply; what would be sent without a fault. */
export function render(script: ReplyScript): Rendered {
  const interim = (script.informational ?? []).map((one) =>
    headBytes(one.status, "Interim", one.headers ?? []),
  );
  const pieces = piecesOf(script.body);
  const length = pieces.reduce((sum, piece) => sum + piece.length, 0);
  const headers = [...(script.headers ?? []), ...framingLines(script, length)];
  return {
    interim: Buffer.concat(interim),
    head: headBytes(script.status ?? 200, script.reason ?? "OK", headers),
    ...framed(script, pieces),
  };
}

/** The bytes to send before a fault at `phase`; everything when there is none. */
export function beforeFault(rendered: Rendered, phase: Phase | undefined): Buffer {
  const { interim, head, body, end } = rendered;
  const whole = Buffer.concat([...body]);
  switch (phase) {
    case undefined:
      return Buffer.concat([interim, head, whole, end]);
    case "before-headers":
      return interim;
    case "mid-headers":
      return Buffer.concat([interim, head.subarray(0, Math.ceil(head.length / 2))]);
    case "after-headers":
      return Buffer.concat([interim, head]);
    case "mid-body":
      return Buffer.concat([interim, head, whole.subarray(0, Math.ceil(whole.length / 2))]);
    case "before-last-chunk":
      return Buffer.concat([interim, head, beforeEnd(whole, end)]);
  }
}

/** Cuts bytes into random pieces of 1 to `maxBytes`, the same for the same seed. */
export function fragmentsOf(bytes: Buffer, seed: number, maxBytes: number): Buffer[] {
  const random = randomOf(seed);
  const pieces: Buffer[] = [];
  for (let at = 0; at < bytes.length;) {
    const size = 1 + Math.floor(random() * maxBytes);
    pieces.push(bytes.subarray(at, at + size));
    at += size;
  }
  return pieces;
}

/** A reproducible source of numbers in [0, 1) (mulberry32). */
function randomOf(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

/** A head with its blank line. */
export function headBytes(status: number, reason: string, headers: RawLines): Buffer {
  return latin1(`HTTP/1.1 ${status} ${reason}\r\n${textOf(headers)}\r\n`);
}

/** One chunk of the chunked coding. */
function chunkBytes(data: Buffer): Buffer {
  return Buffer.concat([latin1(`${data.length.toString(16)}\r\n`), data, latin1("\r\n")]);
}

// With a length, the "last chunk" is the last byte; a body of none has nothing to hold back.
function beforeEnd(body: Buffer, end: Buffer): Buffer {
  return end.length > 0 ? body : body.subarray(0, Math.max(0, body.length - 1));
}

function piecesOf(body: ReplyScript["body"]): Buffer[] {
  if (body === undefined) return [];
  const pieces = typeof body === "string" || Buffer.isBuffer(body) ? [body] : body;
  return pieces.map((piece) => (typeof piece === "string" ? Buffer.from(piece) : piece));
}

function framed(script: ReplyScript, pieces: readonly Buffer[]): Pick<Rendered, "body" | "end"> {
  if (script.framing !== "chunked") return { body: pieces, end: Buffer.alloc(0) };
  return {
    body: pieces.filter((piece) => piece.length > 0).map(chunkBytes),
    end: latin1(`0\r\n${textOf(script.trailers ?? [])}\r\n`),
  };
}

function framingLines(script: ReplyScript, length: number): string[] {
  const framing = script.framing ?? "length";
  const lines: string[] = [];
  if (framing === "length") lines.push("content-length", String(length));
  if (framing === "chunked") lines.push("transfer-encoding", "chunked");
  if (script.isLast === true || framing === "close") lines.push("connection", "close");
  return lines;
}

function textOf(headers: RawLines): string {
  let text = "";
  for (let at = 0; at < headers.length; at += 2) text += `${headers[at]}: ${headers[at + 1]}\r\n`;
  return text;
}

function latin1(text: string): Buffer {
  return Buffer.from(text, "latin1");
}
