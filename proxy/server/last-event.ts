/** Notices in a relayed event stream that its protocol's last event has passed; relay asks when a caller leaves. */

/** The end of a Chat Completions or Messages stream: `[DONE]`, or `message_stop` with its data. */
const ended = /(?:^|\n)(?:data: ?\[DONE\]|event: ?message_stop\r?\ndata:[^\n]{0,160}?)\r?\n\r?\n$/;

/** Events of a Responses stream, and those with which it ends. Their data is long, so only their beginning is looked for. */
const event = "\nevent: response.";
const closing: readonly string[] = ["completed", "incomplete", "failed"].map(
  (state) => event + state,
);

/** Bytes that the end of a stream is looked for in: more than any of the above. */
const tailBytes = 256;
/** Bytes before them, so that what lies across two chunks is seen. */
const seamBytes = 64;

/** Reads along in a fixed piece of memory, and only as far as the question needs; a chunk allocates nothing. */
export class LastEvent {
  /** The newest bytes, at its end. */
  readonly #kept: Buffer = Buffer.alloc(seamBytes + tailBytes);
  #count = 0;
  #isClosing = false;

  push(chunk: Buffer): void {
    this.#keep(chunk, 0, Math.min(chunk.length, tailBytes));
    if (chunk.length <= tailBytes) return;
    this.#isClosing ||= closes(chunk);
    this.#keep(chunk, Math.max(0, chunk.length - this.#kept.length), chunk.length);
  }

  /** Whether the bytes so far end with the last event, whole. */
  isPast(): boolean {
    const text = this.#kept.toString(
      "latin1",
      this.#kept.length - Math.min(this.#count, tailBytes),
    );
    return ended.test(text) || (this.#isClosing && /\r?\n\r?\n$/.test(text));
  }

  #keep(chunk: Buffer, from: number, to: number): void {
    const fresh = to - from;
    this.#kept.copyWithin(0, fresh);
    chunk.copy(this.#kept, this.#kept.length - fresh, from, to);
    this.#count += fresh;
    this.#isClosing ||= closes(this.#kept);
  }
}

function closes(bytes: Buffer): boolean {
  return bytes.includes(event) && closing.some((end) => bytes.includes(end));
}
