/** Bodies that are slow or large, and many callers who leave at once: nothing grows, and nobody waits for them. */
import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { request as httpRequest } from "node:http";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { RawCaller, until } from "../proxy/server/harness.ts";
import { createScriptedUpstream, type ScriptedUpstream } from "../support/scripted-upstream.ts";
import { eventually } from "../support/sidecar.ts";
import { bytesOf, callNamed } from "./calls.ts";
import { expectNothingLeft, forwardingPolicy, metricsOf, startRig, type FaultRig } from "./rig.ts";

const mebibyte = 1_048_576;

let upstream: ScriptedUpstream;
let rig: FaultRig;

beforeAll(async () => {
  upstream = await createScriptedUpstream();
  const { url } = upstream;
  const places = { "": { url }, first_byte: { url, short: "first_byte" } } as const;
  const cache = "cache: { mode: exact, scope: global }\n";
  rig = await startRig(forwardingPolicy(places) + cache);
});

afterAll(async () => {
  await rig?.sidecar.stop();
  await upstream?.close();
});

/** Bytes of memory that the sidecar has. */
async function residentBytes(): Promise<number> {
  const status = await readFile(`/proc/${rig.sidecar.process.pid}/status`, "utf8");
  return Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1]) * 1024;
}

/** What `read` gives once it has stayed the same for a while. */
async function settled(read: () => number): Promise<number> {
  for (let last = -1, still = 0; ;) {
    const now = read();
    still = now === last ? still + 1 : 0;
    last = now;
    if (still > 25) return last;
    await new Promise((done) => setTimeout(done, 20));
  }
}

describe("a caller who reads slowly", () => {
  const total = 64 * mebibyte;

  it.each(["openai", "openai stream", "unread path"])(
    "holds the provider up, not memory (%s)",
    async (name) => {
      const call = callNamed(name);
      const [, type = ""] = call.good.headers ?? [];
      const chunk = Buffer.from(`data: ${"x".repeat(mebibyte - 8)}\n\n`);
      let written = 0;
      upstream.play(async (exchange) => {
        await exchange.body();
        await exchange.write(
          `HTTP/1.1 200 OK\r\nContent-Type: ${type}\r\nContent-Length: ${total}\r\n\r\n`,
        );
        for (; written < total; written += chunk.length) await exchange.write(chunk);
      });
      const before = await residentBytes();
      const caller = await RawCaller.to(rig.port);
      caller.socket.pause();
      caller.write(bytesOf(call));
      expect(await settled(() => written)).toBeLessThan(total / 2);
      expect((await residentBytes()) - before).toBeLessThan(total / 2);
      const hash = createHash("sha256");
      let length = 0;
      caller.socket.removeAllListeners("data").on("data", (bytes) => {
        length += bytes.length;
        hash.update(bytes);
      });
      caller.socket.resume();
      await until(() => length > total);
      caller.socket.destroy();
    },
  );
});

describe("a caller who writes slowly", () => {
  it.each(["openai", "unread path"])("has all the time that he needs (%s)", async (name) => {
    const call = callNamed(name);
    upstream.play(call.good);
    const caller = await RawCaller.to(rig.port);
    const bytes = bytesOf(call, { prefix: "/first_byte-openai" });
    // Longer than the provider may take for its first byte, whose time does not run meanwhile.
    const pieces = 10;
    const size = Math.ceil(bytes.length / pieces);
    for (let at = 0; at < bytes.length; at += size) {
      caller.write(bytes.subarray(at, at + size));
      await new Promise((done) => setTimeout(done, 50));
    }
    await caller.saw(/^HTTP\/1\.1 200 /);
    caller.socket.destroy();
  });
});

describe("a large body", () => {
  const large = Buffer.alloc(50 * mebibyte, "The quick brown fox. ");
  const sha256 = createHash("sha256").update(large).digest("hex");

  it.each(["/v1/chat/completions", "/v1/files"])(
    "goes up whole, and is not held (%s)",
    async (path) => {
      const before = await residentBytes();
      const at = upstream.exchanges.length;
      const request = httpRequest({
        host: "127.0.0.1",
        port: rig.port,
        agent: false,
        method: "POST",
        path,
        headers: { "content-type": "application/json", "content-length": large.length },
      });
      request.on("response", (reply) => reply.resume());
      const ended = new Promise((resolve) => request.once("close", resolve));
      request.end(large);
      await ended;
      expect(await upstream.exchanges[at]?.body()).toMatchObject({ sha256, isComplete: true });
      expect((await residentBytes()) - before).toBeLessThan(large.length);
    },
  );
});

describe("many callers who leave at once", () => {
  it("are let go while the probes are answered", async () => {
    const call = callNamed("openai stream");
    const event = `data: {"choices":[{"delta":{"content":"${"x".repeat(1_000)}"}}]}\n\n`;
    const begun = Buffer.from(event.repeat(1_000));
    upstream.play(async (exchange) => {
      await exchange.body();
      await exchange.write(
        "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n",
      );
      await exchange.write(`${begun.length.toString(16)}\r\n`);
      await exchange.write(begun);
    });
    const at = upstream.exchanges.length;
    const callers = await Promise.all(Array.from({ length: 30 }, () => RawCaller.to(rig.port)));
    for (const caller of callers) caller.write(bytesOf(call));
    await until(() => callers.every((caller) => caller.text.length > begun.length));
    for (const caller of callers) caller.socket.resetAndDestroy();
    const askedAtMs = performance.now();
    const probe = await fetch(`${rig.sidecar.admin}/livez`, { headers: { connection: "close" } });
    const tookMs = performance.now() - askedAtMs;
    expect(probe.status).toBe(200);
    await Promise.all(upstream.exchanges.slice(at).map(({ closed }) => closed));
    await eventually(
      async () => (await metricsOf(rig.sidecar)).get("sidestep_open_calls") === 0 || null,
    );
    console.info(
      `a probe beside 30 streams that are dropped: ${tookMs.toFixed(1)} ms (a figure of this run, not a limit)`,
    );
  });
});

describe("afterwards", () => {
  it("nothing is left: no socket, no call, no fault of ours", async () => {
    await expectNothingLeft(rig, [upstream]);
  });
});
