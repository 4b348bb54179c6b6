/** Reads along a provider's reply, JSON or server-sent events, compressed or not, in bounded memory; codecs give it their tally. */
import {
  brotliDecompressSync,
  constants,
  gunzipSync,
  inflateSync,
  zstdDecompressSync,
} from "node:zlib";
import type { JsonObject, RequestView } from "../core/request.ts";
import type { UsageReader, UsageReport } from "./codec.ts";
import { isObject, parseJson } from "./json.ts";
import { SseSplitter, type SseEvent } from "./sse.ts";
import { estimateInputTokens } from "./tokens.ts";

/** What a protocol takes from a reply, piece by piece. Never throws. */
export interface Tally {
  json(reply: JsonObject): void;
  event(event: SseEvent): void;
  report(): UsageReport;
  /** Output tokens estimated from the texts seen. */
  spokenTokens(): number;
}

/** What is known of a reply before its body. */
export interface ReplyForm {
  readonly contentType: string;
  readonly contentEncoding: string;
  /** The call, for estimating a usage that the reply leaves out; null leaves it out too. */
  readonly view: RequestView | null;
}

/** A JSON reply, or one event of a stream, beyond this is not read. */
const largestBytes = 1024 * 1024;
/** A compressed reply is decoded at its end, in one go: these bound how long that takes. */
const largestCodedBytes = 512 * 1024;
const largestDecodedBytes = 4 * 1024 * 1024;

export function readAlong(tally: Tally, form: ReplyForm): UsageReader {
  const isStream = /^text\/event-stream\b/i.test(form.contentType);
  if (!isStream && !/^application\/(?:[\w.+-]+\+)?json\b/i.test(form.contentType)) return nothing;
  const input = form.view === null ? null : new InputEstimate(form.view, isStream);
  const plain = isStream ? new StreamReader(tally) : new WholeReader(tally);
  const coding = form.contentEncoding.trim().toLowerCase();
  const reader = coding === "" || coding === "identity" ? plain : new CodedReader(plain, coding);
  return {
    push: (chunk) => reader.push(chunk),
    end: () => reportOf(reader, tally, input),
  };
}

const nothing: UsageReader = { push: () => {}, end: () => null };

/** Reading along never fails a call: a reply that would overflow a stack counts as unreadable. */
function reportOf(reader: Reader, tally: Tally, input: InputEstimate | null): UsageReport | null {
  try {
    return reader.end() ? withEstimate(tally, input) : null;
  } catch {
    return null;
  }
}

function withEstimate(tally: Tally, input: InputEstimate | null): UsageReport {
  const report = tally.report();
  const outputTokens = tally.spokenTokens();
  const isSilent = outputTokens === 0 && !report.isComplete;
  if (report.usage !== null || input === null || isSilent) return report;
  const inputTokens = input.tokens;
  return { ...report, usage: { inputTokens, outputTokens, isEstimate: true } };
}

/** Input tokens of a call, counted when somebody asks; a stream's soon after it has begun, since it outlives its call's texts. */
class InputEstimate {
  #view: RequestView | null;
  #tokens = 0;

  constructor(view: RequestView, isStream: boolean) {
    this.#view = view;
    if (isStream) setImmediate(() => this.#count());
  }

  get tokens(): number {
    this.#count();
    return this.#tokens;
  }

  #count(): void {
    if (this.#view === null) return;
    this.#tokens = estimateInputTokens(this.#view);
    this.#view = null;
  }
}

/** Feeds a tally; `end` tells whether the reply could be read. */
interface Reader {
  push(chunk: Buffer): void;
  end(): boolean;
}

class StreamReader implements Reader {
  readonly #tally: Tally;
  readonly #splitter = new SseSplitter(largestBytes);

  constructor(tally: Tally) {
    this.#tally = tally;
  }

  push(chunk: Buffer): void {
    for (const event of this.#splitter.push(chunk)) this.#tally.event(event);
  }

  end(): boolean {
    for (const event of this.#splitter.end()) this.#tally.event(event);
    return !this.#splitter.isBroken;
  }
}

class WholeReader implements Reader {
  readonly #tally: Tally;
  readonly #kept = new Kept(largestBytes);

  constructor(tally: Tally) {
    this.#tally = tally;
  }

  push(chunk: Buffer): void {
    this.#kept.add(chunk);
  }

  end(): boolean {
    const reply = parseJson(this.#kept.take().toString("utf8"));
    if (!isObject(reply)) return false;
    this.#tally.json(reply);
    return true;
  }
}

class CodedReader implements Reader {
  readonly #plain: Reader;
  readonly #coding: string;
  readonly #kept = new Kept(largestCodedBytes);

  constructor(plain: Reader, coding: string) {
    this.#plain = plain;
    this.#coding = coding;
  }

  push(chunk: Buffer): void {
    this.#kept.add(chunk);
  }

  end(): boolean {
    const coded = this.#kept.take();
    const decoded = coded.length === 0 ? null : decodeStart(coded, this.#coding);
    if (decoded === null) return false;
    this.#plain.push(decoded);
    return this.#plain.end();
  }
}

/** Chunks up to a bound; past it they are let go and nothing is left. */
class Kept {
  readonly #most: number;
  #chunks: Buffer[] = [];
  #bytes = 0;

  constructor(most: number) {
    this.#most = most;
  }

  add(chunk: Buffer): void {
    this.#bytes += chunk.length;
    if (this.#bytes > this.#most) this.#chunks = [];
    else this.#chunks.push(chunk);
  }

  take(): Buffer {
    const [first] = this.#chunks;
    return first !== undefined && this.#chunks.length === 1 ? first : Buffer.concat(this.#chunks);
  }
}

/** As much as can be decoded, also of a reply that was cut short; null when nothing can. */
function decodeStart(bytes: Buffer, coding: string): Buffer | null {
  const maxOutputLength = largestDecodedBytes;
  const partial = { maxOutputLength, finishFlush: constants.Z_SYNC_FLUSH };
  try {
    switch (coding) {
      case "gzip":
      case "x-gzip":
        return gunzipSync(bytes, partial);
      case "deflate":
        return inflateSync(bytes, partial);
      case "br":
        return brotliDecompressSync(bytes, {
          maxOutputLength,
          finishFlush: constants.BROTLI_OPERATION_FLUSH,
        });
      case "zstd":
        return zstdDecompressSync(bytes, {
          maxOutputLength,
          finishFlush: constants.ZSTD_e_flush,
          params: { [constants.ZSTD_d_windowLogMax]: 23 },
        });
      default:
        return null;
    }
  } catch {
    return null;
  }
}
