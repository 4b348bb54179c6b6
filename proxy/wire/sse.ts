/** Server-sent events: a splitter over bytes that may be cut anywhere, and a writer of frames; used by the codecs. */
import { StringDecoder } from "node:string_decoder";
import { createParser, type EventSourceParser } from "eventsource-parser";

/** One event: its `event:` name, if it has one, and its `data:` lines joined by newlines. */
export interface SseEvent {
  readonly name: string | null;
  readonly data: string;
}

/** The frame of one event with single-line data. */
export function frame(name: string | null, data: string): string {
  return name === null ? `data: ${data}\n\n` : `event: ${name}\ndata: ${data}\n\n`;
}

/** All events of a whole body, also one that its sender did not end with a blank line. */
export function splitWhole(body: Buffer): readonly SseEvent[] {
  const splitter = new SseSplitter(body.length + 1);
  return [...splitter.push(body), ...splitter.end()];
}

/** Splits a byte stream into events. Past `largestEvent` characters of one unfinished event it gives up. */
export class SseSplitter {
  readonly #decoder = new StringDecoder("utf8");
  readonly #parser: EventSourceParser;
  #events: SseEvent[] = [];
  #isBegun = false;
  #isBroken = false;

  constructor(largestEvent: number) {
    this.#parser = createParser({
      maxBufferSize: largestEvent,
      onEvent: ({ event, data }) => this.#events.push({ name: event ?? null, data }),
      onError: ({ type }) => {
        if (type === "max-buffer-size-exceeded") this.#isBroken = true;
      },
    });
  }

  /** True once an event was too large: what came since is lost. */
  get isBroken(): boolean {
    return this.#isBroken;
  }

  /** The events that `chunk` completed. */
  push(chunk: Buffer): readonly SseEvent[] {
    return this.#feed(this.#decoder.write(chunk));
  }

  /** The event that was still open when the stream ended, if any: clients take it too. */
  end(): readonly SseEvent[] {
    return this.#feed(`${this.#decoder.end()}\n\n`);
  }

  #feed(text: string): readonly SseEvent[] {
    if (this.#isBroken) return [];
    this.#parser.feed(this.#isBegun ? text : text.replace(/^\uFEFF/, ""));
    this.#isBegun ||= text !== "";
    const events = this.#events;
    this.#events = [];
    return events;
  }
}
