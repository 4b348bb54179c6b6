/** Whatever way bytes are cut on the wire, the stack sees what was sent and the caller gets what was replied. */
import { createHash } from "node:crypto";
import { Readable } from "node:stream";
import fc from "fast-check";
import { afterEach, describe, expect, it } from "vitest";
import { bytesOf, closeHarnesses, RawCaller, startHarness, until } from "./harness.ts";

afterEach(closeHarnesses);

const token = fc.stringMatching(/^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,20}$/);
const name = token.filter(
  (text) =>
    !/^(host|content-length|transfer-encoding|connection|expect|upgrade|x-sidestep-.*|content-type|content-encoding|trailer|keep-alive|te|proxy-.*)$/i.test(
      text,
    ),
);
const value = fc
  .stringMatching(/^[\x21-\x7e\x80-\xff]([\x20-\x7e\x80-\xff\t]{0,30}[\x21-\x7e\x80-\xff])?$/)
  .map((text) => text);
const lines = fc.array(fc.tuple(name, value), { maxLength: 12 }).map((pairs) => pairs.flat());
const bytes = fc.uint8Array({ maxLength: 4_000 }).map((array) => Buffer.from(array));
const cuts = fc.array(fc.nat({ max: 8_000 }), { maxLength: 8 });

function pieces(whole: Buffer, at: readonly number[]): Buffer[] {
  const places = [...new Set(at.map((place) => place % (whole.length + 1)))].toSorted(
    (a, b) => a - b,
  );
  return [0, ...places].map((from, index) => whole.subarray(from, places[index] ?? whole.length));
}

function chunked(body: Buffer, at: readonly number[]): Buffer {
  const parts = pieces(body, at).filter((part) => part.length > 0);
  const framed = parts.map((part) =>
    Buffer.concat([Buffer.from(`${part.length.toString(16)}\r\n`), part, Buffer.from("\r\n")]),
  );
  return Buffer.concat([...framed, Buffer.from("0\r\n\r\n")]);
}

function headText(first: string, headers: readonly string[]): Buffer {
  let text = `${first}\r\n`;
  for (let at = 0; at < headers.length; at += 2) text += `${headers[at]}: ${headers[at + 1]}\r\n`;
  return Buffer.from(`${text}\r\n`, "latin1");
}

function sha256(body: Buffer): string {
  return createHash("sha256").update(body).digest("hex");
}

const exchange = fc.record({
  requestLines: lines,
  requestBody: bytes,
  requestCuts: cuts,
  isChunked: fc.boolean(),
  isClaimed: fc.boolean(),
  inspectBytes: fc.nat({ max: 6_000 }),
  replyLines: lines,
  replyBody: bytes,
  replyCuts: cuts,
  hasLength: fc.boolean(),
});

describe("random fragmentation", () => {
  it(
    "changes neither header lines nor bodies, in either direction",
    { timeout: 300_000 },
    async () => {
      await fc.assert(
        fc.asyncProperty(exchange, async (given) => {
          const { requestLines, requestBody, replyLines, replyBody } = given;
          let hash = "";
          const harness = await startHarness(
            async (received) => {
              hash = sha256(await bytesOf(received.body));
              const length = given.hasLength ? ["Content-Length", String(replyBody.length)] : [];
              const parts = pieces(replyBody, given.replyCuts).filter((part) => part.length > 0);
              return harness.relay(Readable.from(parts), { headers: [...replyLines, ...length] });
            },
            { policy: { limits: { inspectBytes: given.inspectBytes, decisionMs: 50, queue: 1 } } },
          );
          const framing = given.isChunked
            ? ["Transfer-Encoding", "chunked"]
            : ["Content-Length", String(requestBody.length)];
          const type = ["Content-Type", "application/json", "HOST", "a"];
          const head = [...requestLines, ...type, ...framing];
          const path = given.isClaimed ? "/v1/chat/completions" : "/v1/files";
          const sent = given.isChunked ? chunked(requestBody, given.replyCuts) : requestBody;
          const caller = await RawCaller.to(harness.port);
          await caller.writePieces(
            pieces(
              Buffer.concat([headText(`POST ${path} HTTP/1.1`, head), sent]),
              given.requestCuts,
            ),
          );
          await until(() => harness.endings.length === 1);
          await until(() => isWhole(caller.text, given.hasLength ? replyBody.length : null));
          expect(hash).toBe(sha256(requestBody));
          expect(harness.received[0]?.head.headers).toEqual(head);
          const [top = ""] = caller.text.split("\r\n\r\n", 1);
          const wanted = headText("HTTP/1.1 200 OK", replyLines).toString("latin1").slice(0, -2);
          expect(`${top}\r\n`.startsWith(wanted)).toBe(true);
          const body = Buffer.from(caller.text.slice(top.length + 4), "latin1");
          expect(sha256(given.hasLength ? body : unchunked(body))).toBe(sha256(replyBody));
          expect(harness.endings).toEqual(["complete"]);
          caller.socket.destroy();
          await harness.close();
        }),
        { numRuns: 150 },
      );
    },
  );
});

function isWhole(text: string, length: number | null): boolean {
  const at = text.indexOf("\r\n\r\n");
  if (at < 0) return false;
  const body = text.slice(at + 4);
  return length === null ? /(?:^|\r\n)0\r\n\r\n$/.test(body) : body.length >= length;
}

function unchunked(framed: Buffer): Buffer {
  const parts: Buffer[] = [];
  let at = 0;
  for (;;) {
    const end = framed.indexOf("\r\n", at);
    const size = Number.parseInt(framed.toString("latin1", at, end), 16);
    if (size === 0) return Buffer.concat(parts);
    parts.push(framed.subarray(end + 2, end + 2 + size));
    at = end + 4 + size;
  }
}
