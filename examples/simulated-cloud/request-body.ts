/** Reads a request's body whole, up to a limit, and its JSON as a provider would. */

import { createHash } from "node:crypto";
import type { IncomingMessage } from "node:http";
import { brotliDecompressSync, gunzipSync, inflateSync, zstdDecompressSync } from "node:zlib";
import { isObject, parseJson } from "./json.ts";
import type { JsonObject } from "./json.ts";

export interface RequestBody {
  /** The bytes as sent, or none when they were over the limit. */
  readonly bytes: Buffer;
  /** Of all bytes, also those over the limit. */
  readonly sha256: string;
  readonly length: number;
  readonly tooLong: boolean;
}

/** Rejects when the caller goes away in the middle. */
export async function readBody(request: IncomingMessage, limitBytes: number): Promise<RequestBody> {
  const hash = createHash("sha256");
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of request) {
    const bytes = Buffer.from(chunk);
    hash.update(bytes);
    length += bytes.length;
    if (length <= limitBytes) chunks.push(bytes);
    if (length > limitBytes) chunks.length = 0;
  }
  return {
    bytes: Buffer.concat(chunks),
    sha256: hash.digest("hex"),
    length,
    tooLong: length > limitBytes,
  };
}

const DECODERS: Readonly<Record<string, (bytes: Buffer) => Buffer>> = {
  gzip: gunzipSync,
  "x-gzip": gunzipSync,
  deflate: inflateSync,
  br: brotliDecompressSync,
  zstd: zstdDecompressSync,
};

/** The body as a JSON object, or undefined when it is none. */
export function jsonBody(bytes: Buffer, encoding: string | undefined): JsonObject | undefined {
  const name = (encoding ?? "identity").trim().toLowerCase();
  const decode = Object.hasOwn(DECODERS, name) ? DECODERS[name] : undefined;
  try {
    const plain = decode === undefined ? bytes : decode(bytes);
    const value = parseJson(plain.toString("utf8"));
    return isObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}
