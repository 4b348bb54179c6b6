/** Replies that are made here: local answers, stored replies, errors of ours. */
import { afterEach, describe, expect, it } from "vitest";
import { SidestepError } from "../../../proxy/core/errors.ts";
import type { Reply } from "../../../proxy/core/reply.ts";
import {
  begin,
  closeHarnesses,
  drained,
  RawCaller,
  send,
  startHarness,
  valuesOf,
  verdictOf,
  type Harness,
} from "./harness.ts";

afterEach(closeHarnesses);

const json = ["Content-Type", "application/json"];
const usage = { inputTokens: 3, outputTokens: 2, isEstimate: true };

function chat(stream: boolean): string {
  return JSON.stringify({ model: "m", stream, messages: [{ role: "user", content: "hi" }] });
}

function answer(harness: Harness): Reply {
  const verdict = verdictOf({ decision: "local", reason: "answered_template", route: "greeting" });
  return { kind: "answer", answer: { text: "Hello!", usage }, verdict, ended: harness.ending };
}

describe("a local answer", () => {
  it("is JSON in the caller's protocol, with its length, in one write", async () => {
    const harness = await startHarness(() => answer(harness));
    const body = chat(false);
    const caller = await RawCaller.to(harness.port);
    caller.write(
      `POST /v1/chat/completions HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
    );
    await caller.saw(/\r\n\r\n\{.*\}$/);
    expect(caller.reads).toHaveLength(1);
    const [head = "", sent = ""] = caller.text.split("\r\n\r\n");
    expect(JSON.parse(sent)).toMatchObject({
      id: `chatcmpl-${harness.received[0]?.id}`,
      choices: [{ message: { content: "Hello!" } }],
    });
    expect(head).toContain(`content-length: ${Buffer.byteLength(sent)}`);
    expect(head).toContain("x-sidestep-decision: local\r\n");
    expect(head).toContain("x-sidestep-route: greeting\r\n");
    await harness.until(() => harness.endings.length === 1);
    expect(harness.endings).toEqual(["complete"]);
  });

  it("is server-sent events where the call streams", async () => {
    const harness = await startHarness(() => answer(harness));
    const body = chat(true);
    const seen = await send(harness.port, { path: "/v1/chat/completions", headers: json, body });
    expect(valuesOf(seen.headers, "content-type")).toEqual(["text/event-stream"]);
    expect(seen.body.toString()).toMatch(/^data: \{[^]*data: \[DONE\]\n\n$/);
  });

  it("to a call that was not read is a fault, not a broken reply", async () => {
    const harness = await startHarness(() => answer(harness));
    const seen = await send(harness.port, { path: "/v1/embeddings", body: "{}" });
    expect(seen.status).toBe(500);
    expect(seen.body.toString()).toContain("sidestep_internal");
    expect(harness.faults).toHaveLength(1);
    expect(harness.endings).toEqual(["complete"]);
  });
});

describe("a stored reply", () => {
  it("goes out as it was kept, with its age", async () => {
    const bytes = Buffer.from('{"a": 1}');
    const headers = ["Content-Type", "application/json", "content-length", "999", "X-Kept", "1"];
    const harness = await startHarness(() => ({
      kind: "stored",
      stored: { status: 200, headers, body: bytes },
      verdict: verdictOf({ decision: "cache", reason: "cache_hit", ageSeconds: 12, savedUsd: 0.5 }),
      ended: harness.ending,
    }));
    const seen = await send(harness.port, {
      path: "/v1/chat/completions",
      headers: json,
      body: chat(false),
    });
    expect(seen.body).toEqual(bytes);
    expect(valuesOf(seen.headers, "content-length")).toEqual(["8"]);
    expect(valuesOf(seen.headers, "x-kept")).toEqual(["1"]);
    expect(valuesOf(seen.headers, "age")).toEqual(["12"]);
    expect(valuesOf(seen.headers, "cache-status")).toEqual(["sidestep; hit"]);
    expect(valuesOf(seen.headers, "x-sidestep-saved")).toEqual(["0.5"]);
  });

  it("larger than a caller takes at once counts as aborted when he leaves", async () => {
    const harness = await startHarness(() => ({
      kind: "stored",
      stored: { status: 200, headers: [], body: Buffer.alloc(50_000_000) },
      verdict: verdictOf({ decision: "stale", reason: "stale_answer" }),
      ended: harness.ending,
    }));
    const caller = await RawCaller.to(harness.port);
    caller.write("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    await caller.saw("sidestep; hit; detail=stale");
    caller.socket.resetAndDestroy();
    await harness.until(() => harness.endings.length === 1);
    expect(harness.endings).toEqual(["aborted"]);
  });
});

describe("an error of ours", () => {
  const error = new SidestepError("sidestep_upstream_timeout");

  function failing(retryAfterSeconds: number | null): Promise<Harness> {
    return startHarness((received) => ({
      kind: "error",
      error: received.head.target.includes("refuse")
        ? new SidestepError("sidestep_refused_by_policy", "", {
            status: 451,
            sentence: "Not here.",
          })
        : error,
      retryAfterSeconds,
      verdict: verdictOf({ reason: "upstream_timeout" }),
      ended: () => undefined,
    }));
  }

  it("has the form of the caller's protocol, read or not", async () => {
    const harness = await failing(7);
    const openai = await send(harness.port, {
      path: "/v1/chat/completions",
      headers: json,
      body: chat(false),
    });
    expect(openai.status).toBe(504);
    expect(JSON.parse(openai.body.toString())).toMatchObject({
      error: { code: "sidestep_upstream_timeout", message: error.message },
    });
    const anthropic = await send(harness.port, { path: "/v1/messages/batches", body: "{}" });
    expect(JSON.parse(anthropic.body.toString())).toMatchObject({ type: "error" });
    const unread = await send(harness.port, { path: "/v1/audio/speech", body: "{}" });
    expect(JSON.parse(unread.body.toString())).toMatchObject({
      error: { code: "sidestep_upstream_timeout" },
    });
    for (const seen of [openai, anthropic, unread]) {
      expect(valuesOf(seen.headers, "retry-after")).toEqual(["7"]);
      expect(valuesOf(seen.headers, "x-should-retry")).toEqual(["true"]);
      expect(valuesOf(seen.headers, "x-sidestep-reason")).toEqual(["upstream_timeout"]);
      expect(valuesOf(seen.headers, "x-sidestep-request-id")).toHaveLength(1);
    }
  });

  it("has a policy's own status and words, and no body for HEAD", async () => {
    const harness = await failing(null);
    const refused = await send(harness.port, { path: "/refuse" });
    expect(refused.status).toBe(451);
    expect(refused.statusText).toBe("Unavailable For Legal Reasons");
    expect(refused.body.toString()).toContain("Not here.");
    expect(valuesOf(refused.headers, "x-should-retry")).toEqual(["false"]);
    const head = await begin(harness.port, { method: "HEAD", path: "/refuse" });
    expect(head.headers["content-length"]).toBe(String(refused.body.length));
    expect(await drained(head)).toHaveLength(0);
  });
});
