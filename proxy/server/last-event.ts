/** Notices in a relayed event stream that its protocol's last event has passed; relay asks when a caller leaves. */

/** The end of a Chat Completions or Messages stream: `[DONE]`, or `message_stop` with its data. */
const ended = /(?:^|\n)(?:data: ?\[DONE\]|event: ?message_stop\r?\ndata:[^\n]{0,160}?)\r?\n\r?\n$/;

/** Events with which a Responses stream ends. Their data is long, so only their beginning is looked for. */
const closing: readonly string[] = ["completed", "incomplete", "failed"].map(
  (state) => `\nevent: response.${state}`,
);

/** Bytes kept: more than any of the above. */
const tailBytes = 256;

/** Reads along in bounded memory, and only as far as the question needs. */
export class LastEvent {
  #tail: Buffer = Buffer.alloc(0);
  #isClosing = false;

  push(chunk: Buffer): void {
    const seam = Buffer.concat([this.#tail, chunk.subarray(0, tailBytes)]);
    this.#isClosing ||= closing.some((event) => seam.includes(event) || chunk.includes(event));
    this.#tail =
      chunk.length >= tailBytes
        ? Buffer.from(chunk.subarray(-tailBytes))
        : Buffer.from(seam.subarray(-tailBytes));
  }

  /** Whether the bytes so far end with the last event, whole. */
  isPast(): boolean {
    const text = this.#tail.toString("latin1");
    return ended.test(text) || (this.#isClosing && /\r?\n\r?\n$/.test(text));
  }
}
