/** Decodes copies of bodies by their content-encoding, within a bound; used before reading requests and before storing replies. */
import { promisify } from "node:util";
import {
  brotliDecompress,
  constants,
  gunzip,
  inflate,
  inflateRaw,
  zstdDecompress,
  type InputType,
} from "node:zlib";
import { headerValues, type HeaderLines } from "../core/http.ts";
import type { ReasonCode } from "../core/reasons.ts";

/** The decoded bytes, or why there are none. */
export type Decoded =
  | { readonly kind: "decoded"; readonly bytes: Buffer }
  | {
      readonly kind: "undecoded";
      readonly reason: Extract<
        ReasonCode,
        "body_encoding_unknown" | "body_too_large" | "body_unreadable"
      >;
    };

/** A window of 8 MiB is the most that RFC 8878 lets HTTP senders use; more would be a memory bomb. */
const zstdWindow = { params: { [constants.ZSTD_d_windowLogMax]: 23 } };

interface Limits {
  readonly maxOutputLength: number;
  readonly info: true;
}
interface Inflated {
  readonly buffer: Buffer;
  readonly engine: { readonly bytesWritten: number };
}
type Decode = (bytes: InputType, limits: Limits) => Promise<unknown>;

const decoders: ReadonlyMap<string, Decode> = new Map<string, Decode>([
  ["gzip", promisify(gunzip)],
  ["x-gzip", promisify(gunzip)],
  ["deflate", inflateEither],
  ["br", promisify(brotliDecompress)],
  ["zstd", (bytes, limits) => promisify(zstdDecompress)(bytes, { ...zstdWindow, ...limits })],
]);

/** More codings on one body than anybody means. */
const mostCodings = 4;

/** Undoes every coding that the `content-encoding` headers list, last first; at most `maxBytes` each. */
export async function decodeBody(
  body: Buffer,
  headers: HeaderLines,
  maxBytes: number,
): Promise<Decoded> {
  const decodes = codingsOf(headers).map((coding) => decoders.get(coding));
  if (decodes.length > mostCodings || !decodes.every((decode) => decode !== undefined)) {
    return { kind: "undecoded", reason: "body_encoding_unknown" };
  }
  try {
    let bytes = body;
    for (const decode of decodes.toReversed()) bytes = await decodeOne(bytes, decode, maxBytes);
    if (bytes.length > maxBytes) return { kind: "undecoded", reason: "body_too_large" };
    return { kind: "decoded", bytes };
  } catch (fault) {
    return { kind: "undecoded", reason: reasonOf(fault) };
  }
}

/** Whether the headers name a coding that hides the bytes of their body. */
export function isCoded(headers: HeaderLines): boolean {
  return codingsOf(headers).length > 0;
}

function codingsOf(headers: HeaderLines): readonly string[] {
  return headerValues(headers, "content-encoding")
    .flatMap((value) => value.split(","))
    .map((coding) => coding.trim().toLowerCase())
    .filter((coding) => coding !== "" && coding !== "identity");
}

async function decodeOne(bytes: Buffer, decode: Decode, maxBytes: number): Promise<Buffer> {
  const limits = { maxOutputLength: maxBytes, info: true } as const;
  const { buffer, engine } = (await decode(bytes, limits)) as Inflated;
  // What stands behind the coded data is part of what the provider reads, so the text would not be.
  if (engine.bytesWritten !== bytes.length) throw new Error("bytes behind the coded data");
  return buffer;
}

/** Senders disagree on whether `deflate` has a zlib header; its first byte tells. */
function inflateEither(bytes: InputType, limits: Limits): Promise<unknown> {
  const [first = 0] = Buffer.from(bytes as Buffer);
  return promisify((first & 0x0f) === 8 ? inflate : inflateRaw)(bytes, limits);
}

function reasonOf(fault: unknown): "body_too_large" | "body_unreadable" {
  const isTooLarge =
    fault instanceof Error && "code" in fault && fault.code === "ERR_BUFFER_TOO_LARGE";
  return isTooLarge ? "body_too_large" : "body_unreadable";
}
