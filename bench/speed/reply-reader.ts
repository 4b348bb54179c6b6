/** Finds where replies end on a connection that serves one call at a time; the load programs use it, since a whole client would cost more than what is measured. */

/** What a piece of bytes brought. */
export interface Piece {
  /** Whether the reply is whole now. */
  readonly isDone: boolean;
  /** Body bytes in this piece, chunk framing included. */
  readonly body: Buffer;
}

const headEnd: Buffer = Buffer.from("\r\n\r\n");
const lastChunk: Buffer = Buffer.from("0\r\n\r\n");

/** One connection's replies, one after the other. */
export class ReplyReader {
  #head: Buffer = Buffer.alloc(0);
  #isInBody = false;
  /** Body bytes still to come; null for a chunked reply. */
  #missing: number | null = 0;
  #tail: Buffer = Buffer.alloc(0);
  #status = 0;

  /** Of the reply under way, or of the last one. */
  get status(): number {
    return this.#status;
  }

  push(bytes: Buffer): Piece {
    if (this.#isInBody) return this.#read(bytes);
    this.#head = this.#head.length === 0 ? bytes : Buffer.concat([this.#head, bytes]);
    const end = this.#head.indexOf(headEnd);
    if (end < 0) return { isDone: false, body: Buffer.alloc(0) };
    const body = this.#head.subarray(end + headEnd.length);
    this.#begin(this.#head.toString("latin1", 0, end).toLowerCase());
    return this.#read(body);
  }

  #begin(head: string): void {
    this.#status = Number(head.slice(9, 12));
    const length = /\r\ncontent-length: *(\d+)/u.exec(head)?.[1];
    this.#missing = length === undefined ? null : Number(length);
    this.#head = Buffer.alloc(0);
    this.#isInBody = true;
    this.#tail = this.#head;
  }

  #read(body: Buffer): Piece {
    const isDone = this.#missing === null ? this.#isLast(body) : this.#counted(body.length);
    if (isDone) this.#isInBody = false;
    return { isDone, body };
  }

  #counted(length: number): boolean {
    this.#missing = (this.#missing ?? 0) - length;
    return this.#missing <= 0;
  }

  // What is measured with never has the last chunk's bytes at the end of an earlier piece.
  #isLast(body: Buffer): boolean {
    const seen = body.length >= lastChunk.length ? body : Buffer.concat([this.#tail, body]);
    this.#tail = seen.subarray(-lastChunk.length);
    return this.#tail.equals(lastChunk);
  }
}
