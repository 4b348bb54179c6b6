/** HTTP requests that are nearly right, on raw sockets: answered or closed, never forwarded broken, never an end of the program. */
import { strict as assert } from "node:assert";
import { createHash } from "node:crypto";
import * as fc from "fast-check";
import type { Fuzz, Prepared } from "./fuzz.ts";
import { cuts, mutated } from "./mutation.ts";
import { startStage, type Stage } from "./stage.ts";
import { createStrictUpstream } from "./strict-upstream.ts";

const json = '{"model":"gpt-4o","messages":[{"role":"user","content":"hello"}]}';
const jsonHead = "Host: localhost\r\nContent-Type: application/json\r\n";
const chunked = `${json.length.toString(16)}\r\n${json}\r\n0\r\n\r\n`;

const valid: readonly string[] = [
  "GET /v1/models HTTP/1.1\r\nHost: localhost\r\nAccept: */*\r\n\r\n",
  `POST /v1/chat/completions HTTP/1.1\r\n${jsonHead}Content-Length: ${json.length}\r\n\r\n${json}`,
  `POST /v1/messages HTTP/1.1\r\n${jsonHead}x-api-key: a\r\nContent-Length: ${json.length}\r\n\r\n${json}`,
  `POST /v1/chat/completions HTTP/1.1\r\n${jsonHead}Transfer-Encoding: chunked\r\n\r\n${chunked}`,
  `POST /openai/v1/files?a=b%20c HTTP/1.1\r\n${jsonHead}X-Sidestep-Mode: bypass\r\nTransfer-Encoding: chunked\r\n\r\n${chunked}`,
  `PUT /v1/files HTTP/1.1\r\n${jsonHead}Expect: 100-continue\r\nContent-Length: ${json.length}\r\n\r\n${json}`,
  "HEAD /anthropic/v1/models HTTP/1.1\r\nHost: localhost\r\nConnection: close, X-Gone\r\nX-Gone: 1\r\n\r\n",
  "GET /v1/models HTTP/1.0\r\n\r\n",
  "GET /v1/realtime HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: x\r\n\r\n",
  "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0",
  `GET /v1/models HTTP/1.1\r\nHost: localhost\r\n\r\nPOST /v1/files HTTP/1.1\r\n${jsonHead}Content-Length: 3\r\n\r\nabc`,
];

const fragments: readonly string[] = [
  ..."\r\n|\n|\r|\0| |\t|:|,|;|\r\n\r\n|\n\n| HTTP/1.1|0\r\n\r\n|fffffffffffffffff\r\n".split("|"),
  "Content-Length: 5\r\n",
  "Content-Length: 5, 5\r\n",
  "Content-Length: +5\r\n",
  "Content-Length: 18446744073709551616\r\n",
  "Content-Length : 5\r\n",
  "Transfer-Encoding: chunked\r\n",
  "Transfer-Encoding: xchunked\r\n",
  "Transfer-Encoding:\x0bchunked\r\n",
  "Transfer-Encoding: identity, chunked\r\n",
  "Transfer-Encoding\n: chunked\r\n",
  "Host: other\r\n",
  "Host:\r\n",
  "X: a\r\n b\r\n",
  "X: a\rInjected: b\r\n",
  "X: \x80\xff\r\n",
  `X: ${"x".repeat(20_000)}\r\n`,
  "X: y\r\n".repeat(500),
  "Connection: keep-alive, Content-Length\r\n",
  "Connection: Transfer-Encoding\r\n",
  "Upgrade: h2c\r\nConnection: Upgrade, HTTP2-Settings\r\n",
  "Expect: 200-maybe\r\n",
  "Trailer: X\r\n",
  "TE: trailers\r\n",
  "Content-Encoding: gzip\r\n",
  "X-Sidestep-Mode: observe\r\n",
  "X-Sidestep-Target: other\r\n",
  "X-Target: 1\r\n",
  "GET http://evil.example/ HTTP/1.1\r\nHost: evil.example\r\n\r\n",
  "CONNECT evil.example:443 HTTP/1.1\r\nHost: evil.example\r\n\r\n",
  "5;ext=1\r\nhello\r\n",
  "0\r\nX-Trailer: 1\r\n\r\n",
  "\x16\x03\x01\x02\x00\x01",
];

/** A request that must be served as if nothing had been. */
const sound = "still here";
const soundHash = createHash("sha256").update(sound).digest("hex");

/** A caller that half-closes is taken for gone, so this one waits for its answer. */
async function soundCall({ sidecar }: Stage): Promise<void> {
  const reply = await fetch(`${sidecar.url}/v1/files`, {
    method: "POST",
    headers: { connection: "close" },
    body: sound,
  });
  assert.equal(reply.status, 200);
  assert.equal(await reply.text(), soundHash);
}

async function prepare(): Promise<Prepared> {
  const upstream = await createStrictUpstream();
  const stage = await startStage(upstream.port);
  let run = 0;
  const property = fc.asyncProperty(mutated(valid, fragments), cuts, async (text, at) => {
    await stage.exchange(Buffer.from(text, "latin1"), at);
    assert.deepEqual(upstream.anomalies, []);
    run += 1;
    if (run % 8 === 0) await soundCall(stage);
  });
  return {
    property,
    check: async () => {
      await soundCall(stage);
      await stage.check();
    },
    close: async () => {
      await stage.sidecar.stop();
      await upstream.close();
    },
  };
}

/** The fuzz of requests. */
export const httpFuzz: Fuzz = { name: "http", prepare };
