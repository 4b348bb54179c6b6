/** The caller's bytes are sacred: what goes in comes out at the provider, and the other way round, but for the listed edits. */
import { createHash } from "node:crypto";
import { once } from "node:events";
import { connect } from "node:http2";
import fc from "fast-check";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { sendRaw, type RawReply } from "../support/raw-client.ts";
import { createScriptedUpstream, type ScriptedUpstream } from "../support/scripted-upstream.ts";
import { startSidecar, type Sidecar } from "../support/sidecar.ts";

let upstream: ScriptedUpstream;
let sidecar: Sidecar;
let port: number;

beforeAll(async () => {
  upstream = await createScriptedUpstream();
  sidecar = await startSidecar({
    policy: `version: 1
model: null
limits: { inspect: 64KiB }
providers:
  openai: { url: ${upstream.url}/v1 }
  anthropic: { url: ${upstream.url} }
routes:
  - name: rest
    forward: {}
`,
  });
  port = Number(new URL(sidecar.url).port);
});

afterAll(async () => {
  await sidecar?.stop();
  await upstream?.close();
});

afterEach(() => upstream.play({}));

const sha256 = (bytes: Buffer): string => createHash("sha256").update(bytes).digest("hex");

/** Names in odd cases, some twice; values with every byte that HTTP allows. */
const name = fc
  .tuple(
    fc.constantFrom("X-App-", "x-custom-", "OpenAI-", "Anthropic-Feature-"),
    fc.stringMatching(/^[A-Za-z0-9]{1,12}$/),
  )
  .map(([head, tail]) => `${head}${tail}`);
const value = fc.stringMatching(
  /^[!-~\u00a1-\u00ff](?:[ -~\u00a1-\u00ff]{0,40}[!-~\u00a1-\u00ff])?$/,
);
const headers = fc.array(fc.tuple(name, value), { maxLength: 12 }).map((list) => list.flat());
const path = fc.constantFrom(
  "/v1/chat/completions",
  "/v1/chat/completions?x=%2F&x=2&=",
  "/v1/files/a%20b/../c//d?purpose=fine%2Dtune",
  "/v1/messages?beta=true",
  "/v1/responses",
  "/v1/audio/speech;v=1?",
);
const body = fc.oneof(
  fc.uint8Array({ maxLength: 3000 }).map((bytes) => Buffer.from(bytes)),
  fc.uint8Array({ minLength: 70_000, maxLength: 90_000 }).map((bytes) => Buffer.from(bytes)),
  fc
    .json({ maxDepth: 2 })
    .map((text) =>
      Buffer.from(`{"model":"m","messages":[{"role":"user","content":"x"}],"metadata":${text}}`),
    ),
);
const fragments = fc
  .record({ seed: fc.nat(), maxBytes: fc.constantFrom(1, 7, 100, 4096, 100_000) })
  .map((cut) => ({
    seed: cut.seed,
    maxBytes: cut.maxBytes,
  }));

const hopByHop = new Set(["connection", "keep-alive", "transfer-encoding", "host"]);

/** End-to-end lines in order; ours and the connection's own left out. */
function endToEnd(lines: readonly string[]): string[] {
  const kept: string[] = [];
  for (let at = 0; at < lines.length; at += 2) {
    const lower = (lines[at] ?? "").toLowerCase();
    const isOurs =
      lower.startsWith("x-sidestep-") || lower === "server-timing" || lower === "cache-status";
    if (!hopByHop.has(lower) && !isOurs) kept.push(`${lines[at]}: ${lines[at + 1]}`);
  }
  return kept;
}

function decisionOf(reply: RawReply): string | undefined {
  const at = reply.headers.indexOf("x-sidestep-decision");
  return at < 0 ? undefined : reply.headers[at + 1];
}

describe("what is forwarded", () => {
  it("is what the caller sent: target, header lines in order, case and number, and body bytes", async () => {
    await fc.assert(
      fc.asyncProperty(path, headers, body, fragments, async (target, lines, bytes, cut) => {
        const size = Math.max(cut.maxBytes, bytes.length > 10_000 ? 1000 : 1);
        const sent = [
          "Host",
          "localhost:4000",
          ...lines,
          "Content-Type",
          "application/json",
          "content-LENGTH",
          String(bytes.length),
          "Authorization",
          "Bearer sk-1",
        ];
        const reply = await sendRaw(port, {
          method: "POST",
          target,
          headers: sent,
          body: bytes,
          fragments: { seed: cut.seed, maxBytes: size },
        });
        const seen = await upstream.next();
        const got = await seen.body();
        expect(reply.line).toBe("HTTP/1.1 200 OK");
        expect(decisionOf(reply)).toBe("forwarded");
        expect(seen.head.target).toBe(target);
        expect(endToEnd(seen.head.headers)).toEqual(endToEnd(sent));
        expect(got.sha256).toBe(sha256(bytes));
      }),
      { numRuns: 60 },
    );
  });

  it("keeps chunked bodies chunked, and methods as written", async () => {
    const chunked = Buffer.from("3\r\nabc\r\n4\r\ndefg\r\n0\r\n\r\n");
    for (const method of ["POST", "PUT", "PATCH"]) {
      const cut = { seed: 1, maxBytes: 3 };
      const sent = ["Host", "x", "Transfer-Encoding", "chunked"];
      await sendRaw(port, {
        method,
        target: "/v1/files",
        headers: sent,
        body: chunked,
        fragments: cut,
      });
      const seen = await upstream.next();
      expect(seen.head.method).toBe(method);
      expect(await seen.body()).toMatchObject({
        framing: "chunked",
        sha256: sha256(Buffer.from("abcdefg")),
      });
    }
  });
});

describe("trailers behind a request's body", () => {
  const kept = ["X-Checksum", "abc", "x-b", "2", "X-Name", "J\u00fcrgen"];
  const lost = ["Host", "evil", "Authorization", "Bearer x", "x-sidestep-mode", "bypass"];

  it.each(["/v1/files", "/v1/chat/completions"])("reach the provider (%s)", async (target) => {
    const tail = [...kept, ...lost].map((part, at) => part + (at % 2 === 0 ? ": " : "\r\n"));
    await sendRaw(port, {
      method: "POST",
      target,
      headers: ["Host", "x", "Content-Type", "application/json", "Transfer-Encoding", "chunked"],
      body: Buffer.from(`2\r\n{}\r\n0\r\n${tail.join("")}\r\n`, "latin1"),
      fragments: { seed: 1, maxBytes: 7 },
    });
    const received = await (await upstream.next()).body();
    expect(received).toMatchObject({ framing: "chunked", trailers: kept, isComplete: true });
    expect(received.bytes.toString()).toBe("{}");
  });

  it.each(["/v1/files", "/v1/chat/completions"])("do so from HTTP/2 (%s)", async (target) => {
    const session = connect(`http://127.0.0.1:${port}`);
    const lines = { ":method": "POST", ":path": target, "content-type": "application/json" };
    const stream = session.request(lines, { waitForTrailers: true });
    stream.on("wantTrailers", () =>
      stream.sendTrailers({ "x-checksum": "abc", "x-name": "J\u00fcrgen" }),
    );
    stream.resume().end("{}");
    await once(stream, "close");
    session.destroy();
    const received = await (await upstream.next()).body();
    const trailers = ["x-checksum", "abc", "x-name", "J\u00fcrgen"];
    expect(received).toMatchObject({ trailers, isComplete: true });
  });
});

describe("what comes back", () => {
  const status = fc.constantFrom(200, 201, 400, 401, 404, 418, 422, 429, 500, 529);

  it("is what the provider sent: status, status text, header lines, body bytes and trailers", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.record({
          status,
          lines: headers,
          bytes: body,
          cut: fragments,
          framing: fc.constantFrom("length", "chunked"),
        }),
        async ({ status: code, lines, bytes, cut, framing }) => {
          const trailers = framing === "chunked" ? ["X-Checksum", "abc"] : [];
          const size = Math.max(cut.maxBytes, bytes.length > 10_000 ? 1000 : 1);
          upstream.play({
            status: code,
            reason: "Everything Is Fine",
            headers: lines,
            body: bytes,
            framing,
            trailers,
            fragments: { seed: cut.seed, maxBytes: size },
          });
          const reply = await sendRaw(port, {
            method: "POST",
            target: "/v1/embeddings",
            headers: ["Host", "x", "Content-Length", "2"],
            body: Buffer.from("{}"),
            fragments: { seed: 1, maxBytes: 1000 },
          });
          await upstream.next();
          expect(reply.line).toBe(`HTTP/1.1 ${code} Everything Is Fine`);
          expect(reply.body).toMatchObject({ sha256: sha256(bytes), isComplete: true, framing });
          const wanted = endToEnd(lines);
          const got = endToEnd(reply.headers).filter((line) => !/^content-length:/i.test(line));
          expect(got.filter((line) => !/^trailer:/i.test(line))).toEqual(wanted);
          expect(endToEnd(reply.body.trailers)).toEqual(endToEnd(trailers));
        },
      ),
      { numRuns: 60 },
    );
  });

  it("is an unclean end where the provider's end was unclean", async () => {
    for (const phase of ["after-headers", "mid-body", "before-last-chunk"] as const) {
      upstream.play({
        body: ["one", "two", "three"],
        framing: "chunked",
        fault: { phase, kind: "reset" },
      });
      const request = {
        method: "GET",
        target: "/v1/files/1",
        headers: ["Host", "x"],
        body: Buffer.alloc(0),
        fragments: { seed: 1, maxBytes: 1000 },
      };
      const outcome = await sendRaw(port, request).then(
        (reply) => reply.body.isComplete,
        () => false,
      );
      expect(outcome).toBe(false);
      await upstream.next();
    }
  });
});
