/** Decoding of copies: every coding that HTTP callers use, within a bound, and a reason for the rest. */
import { describe, expect, it } from "vitest";
import {
  brotliCompressSync,
  constants,
  deflateRawSync,
  deflateSync,
  gzipSync,
  zstdCompressSync,
} from "node:zlib";
import { decodeBody } from "../../../proxy/wire/encoding.ts";

const body = Buffer.from(JSON.stringify({ text: "número 明日 🎉 ".repeat(300) }));
const coded: [string, Buffer][] = [
  ["gzip", gzipSync(body)],
  ["x-gzip", gzipSync(body)],
  ["GZIP", gzipSync(body)],
  ["deflate", deflateSync(body)],
  ["deflate", deflateRawSync(body)],
  ["br", brotliCompressSync(body)],
  ["zstd", zstdCompressSync(body)],
];

async function reasonFor(bytes: Buffer, coding: string, maxBytes = 100_000): Promise<string> {
  const decoded = await decodeBody(bytes, ["content-encoding", coding], maxBytes);
  return decoded.kind === "decoded" ? "decoded" : decoded.reason;
}

describe("decodeBody", () => {
  it.each(coded)("undoes %s", async (coding, bytes) => {
    const decoded = await decodeBody(bytes, ["Content-Encoding", coding], body.length);
    expect(decoded).toEqual({ kind: "decoded", bytes: body });
  });

  it("hands back the very bytes of what has no coding", async () => {
    for (const headers of [[], ["content-encoding", "identity"], ["content-encoding", " , "]]) {
      const decoded = await decodeBody(body, headers, body.length);
      expect(decoded.kind === "decoded" && decoded.bytes).toBe(body);
    }
  });

  it("undoes lists, in one header or several, last coding first", async () => {
    const twice = gzipSync(brotliCompressSync(body));
    for (const headers of [
      ["content-encoding", "br, gzip"],
      ["content-encoding", "br", "x", "y", "Content-Encoding", "identity,GZIP"],
    ]) {
      expect(await decodeBody(twice, headers, 100_000)).toEqual({ kind: "decoded", bytes: body });
    }
  });

  it.each(coded)("keeps to the bound for %s", async (coding, bytes) => {
    expect(await reasonFor(bytes, coding, body.length - 1)).toBe("body_too_large");
  });

  it("keeps to the bound for a bomb and for what has no coding", async () => {
    const bomb = gzipSync(Buffer.alloc(50_000_000));
    expect(await reasonFor(bomb, "gzip", 1000)).toBe("body_too_large");
    expect(await reasonFor(body, "identity", body.length - 1)).toBe("body_too_large");
  });

  it("keeps to the bound between two codings", async () => {
    const noise = Buffer.from(Array.from({ length: 1000 }, (_, at) => (at * at * 7919) >> 5));
    const twice = gzipSync(gzipSync(noise));
    const bound = gzipSync(noise).length;
    expect(bound).toBeGreaterThan(noise.length);
    expect(await reasonFor(twice, "gzip, gzip", bound)).toBe("decoded");
    expect(await reasonFor(twice, "gzip, gzip", bound - 1)).toBe("body_too_large");
  });

  it.each(coded)(
    "does not read %s that is cut off, followed by more, or none",
    async (coding, bytes) => {
      for (const broken of [
        bytes.subarray(0, -1),
        Buffer.concat([bytes, Buffer.from("xx")]),
        Buffer.from("hello"),
        Buffer.alloc(0),
      ]) {
        expect(await reasonFor(broken, coding)).toBe("body_unreadable");
      }
    },
  );

  it("does not read zstd that wants a huge window", async () => {
    const source = Buffer.alloc(20_000_000, "abc");
    const wide = zstdCompressSync(source, { params: { [constants.ZSTD_c_windowLog]: 27 } });
    expect(await reasonFor(wide, "zstd", source.length)).toBe("body_unreadable");
  });

  it.each(["compress", "gzip, aws-chunked", "gzip;q=1", "gzip,gzip,gzip,gzip,gzip"])(
    "does not know %s",
    async (coding) => {
      expect(await reasonFor(body, coding)).toBe("body_encoding_unknown");
    },
  );
});
