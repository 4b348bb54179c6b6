/** The whole list of edits: what a provider sees differs from what the caller wrote by these and nothing else. */
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { HeaderLines, RequestBody } from "../../../proxy/core/http.ts";
import type { Provider } from "../../../proxy/core/policy.ts";
import {
  credentialOf,
  replyHeaders,
  requestHeaders,
  upgradeHeaders,
} from "../../../proxy/upstream/edits.ts";
import { callTo, drained, linesOf, pair, providerAt, replyOf } from "./upstream-call.ts";

const provider = providerAt("https://api.example.com/v1");
const none: RequestBody = { kind: "none" };

function edited(
  lines: HeaderLines,
  changes: Partial<Provider> = {},
  trace: HeaderLines = [],
): HeaderLines {
  return requestHeaders(lines, { provider: { ...provider, ...changes }, trace, body: none });
}

describe("the edits of a request", () => {
  test("reach the provider exactly as listed, every other byte as the caller wrote it", async () => {
    await using both = await pair();
    const caller = linesOf(`
      hOsT: localhost:4000
      User-Agent: OpenAI/JS 7.55.0
      Connection: close, X-Hop
      X-Hop: 1
      keep-alive: timeout=5
      TE: trailers
      Trailer: X-T
      Proxy-Authorization: Basic c2VjcmV0
      Proxy-Connection: keep-alive
      Proxy-Authenticate: Basic
      Upgrade: h2c
      Expect: 100-continue
      X-Sidestep-Mode: observe
      x-sidestep-anything: 1
      baggage: user=42
      traceparent: 00-old
      Authorization: Bearer caller
      OpenAI-Organization: org-1
      anthropic-beta: a
      x-stainless-retry-count: 0
      anthropic-beta: b
      Idempotency-Key: k\u00e9y
      Content-Type: application/json
      Content-Length: 2
      accept-encoding: gzip, deflate
      TraceState: old=1
      x-api-key: other`);
    const body = { kind: "whole", bytes: Buffer.from("{}") } as const;
    const own = { ...both.provider, key: "policy-key" };
    const trace = ["traceparent", "00-new", "tracestate", "ours=1"];
    const headers = requestHeaders(caller, { provider: own, trace, body });
    await drained(
      replyOf(await both.upstream.send(callTo(own, { method: "POST", headers, body }), false)),
    );
    expect(both.cloud.exchanges[0]?.head.headers).toEqual(
      linesOf(`
        hOsT: ${both.provider.url.host}
        User-Agent: OpenAI/JS 7.55.0
        Authorization: Bearer policy-key
        OpenAI-Organization: org-1
        anthropic-beta: a
        x-stainless-retry-count: 0
        anthropic-beta: b
        Idempotency-Key: k\u00e9y
        Content-Type: application/json
        Content-Length: 2
        accept-encoding: gzip, deflate
        traceparent: 00-new
        tracestate: ours=1
        Connection: keep-alive`),
    );
  });

  test("let the caller's baggage through to a provider that the policy trusts with it", () => {
    const lines = edited(["Host", "x", "Baggage", "user=42"], { sendsBaggage: true });
    expect(lines).toEqual(["Host", "api.example.com", "Baggage", "user=42"]);
  });

  test.each([
    ["b3", ["b3", "new"], ["Traceparent", "00-old"]],
    ["b3 in several lines", ["X-B3-TraceId", "new"], ["Traceparent", "00-old"]],
    ["W3C", ["traceparent", "00-new"], ["B3", "old", "X-B3-SpanId", "old"]],
  ])("replace the caller's trace context in %s, and leave other formats", (_what, trace, kept) => {
    const caller = ["Host", "x", "Traceparent", "00-old", "B3", "old", "X-B3-SpanId", "old"];
    const lines = edited(caller, {}, trace);
    expect(lines).toEqual(["Host", "api.example.com", ...kept, ...trace]);
  });

  test("leave any other line alone, wherever it stands and however often", () => {
    const listed =
      /^(x-sidestep-.*|host|baggage|expect|connection|keep-alive|te|trailer|upgrade)$/i;
    const name = fc.stringMatching(/^[A-Za-z][A-Za-z0-9-]{0,15}$/);
    const other = name.filter(
      (text) => !listed.test(text) && !/^(proxy-|content-length|transfer-)/i.test(text),
    );
    const lines = fc
      .array(fc.tuple(other, fc.string()), { maxLength: 20 })
      .map((all) => all.flat());
    fc.assert(
      fc.property(lines, (rest) => {
        expect(edited(["Host", "x", ...rest])).toEqual(["Host", "api.example.com", ...rest]);
      }),
    );
  });

  test("put the provider's host first when the caller names none, and one when it names two", () => {
    expect(edited(["Accept", "*/*"])).toEqual(["Host", "api.example.com", "Accept", "*/*"]);
    expect(edited(["A", "1", "host", "x", "Host", "y"])).toEqual([
      "A",
      "1",
      "host",
      "api.example.com",
    ]);
  });

  test("keep the caller's credential and trace where the policy has none", () => {
    const lines = ["Host", "x", "AUTHORIZATION", "Bearer mine", "Traceparent", "00-mine"];
    expect(edited(lines)).toEqual(["Host", "api.example.com", ...lines.slice(2)]);
  });

  test.each([
    ["openai-chat", ["x-api-key", "mine"], ["authorization", "Bearer k"]],
    ["openai-chat", ["AUTHORIZATION", "Bearer mine"], ["AUTHORIZATION", "Bearer k"]],
    ["openai-chat", [], ["authorization", "Bearer k"]],
    ["anthropic-messages", ["Authorization", "Bearer mine"], ["x-api-key", "k"]],
    ["anthropic-messages", ["X-Api-Key", "mine", "Authorization", "m"], ["X-Api-Key", "k"]],
    ["anthropic-messages", ["x-goog-api-key", "a", "api-key", "b"], ["x-api-key", "k"]],
  ] as const)("replace %s's credential %j with the policy's", (protocol, caller, expected) => {
    const [host, , ...rest] = edited(["Host", "x", ...caller], { protocol, key: "k" });
    expect([host, ...rest]).toEqual(["Host", ...expected]);
  });

  test.each([
    [{ kind: "none" }, ["Content-Length", "7"], ["Content-Length", "0"]],
    [{ kind: "none" }, [], []],
    [
      { kind: "whole", bytes: Buffer.from("abc") },
      ["content-LENGTH", "003"],
      ["content-LENGTH", "003"],
    ],
    [
      { kind: "whole", bytes: Buffer.from("abc") },
      ["content-LENGTH", "4"],
      ["content-LENGTH", "3"],
    ],
    [{ kind: "whole", bytes: Buffer.from("abc") }, [], ["content-length", "3"]],
  ] as const)("say the true length of %j", (body, caller, expected) => {
    const lines = requestHeaders(["Host", "x", ...caller], { provider, trace: [], body });
    expect(lines.slice(2)).toEqual(expected);
  });

  test("keep what asks for an upgrade, and the rest of the list holds", () => {
    const asked = ["Connection", "keep-alive, Upgrade", "upgrade", "websocket"];
    const caller = ["Host", "x", ...asked, "x-sidestep-mode", "bypass", "Sec-WebSocket-Key", "k"];
    expect(upgradeHeaders(caller, { provider, trace: [] })).toEqual([
      "Host",
      "api.example.com",
      ...asked,
      "Sec-WebSocket-Key",
      "k",
    ]);
  });
});

describe("the edits of a reply", () => {
  test("take hop-by-hop lines and those that Connection names, nothing else", () => {
    const kept = ["x-ratelimit-limit", "1", "Retry-After", "2", "X-Should-Retry", "false"];
    const hops = ["Connection", "X-Own", "x-own", "1", "Transfer-Encoding", "chunked"];
    const more = ["Keep-Alive", "timeout=5", "Trailer", "X-T", "Proxy-Authenticate", "Basic"];
    expect(replyHeaders([...hops, ...kept, ...more, "Set-Cookie", "a", "set-cookie", "b"])).toEqual(
      [...kept, "Set-Cookie", "a", "set-cookie", "b"],
    );
  });
});

describe("a credential's fingerprint", () => {
  test("tells credentials apart and does not hold them", () => {
    const one = credentialOf(["Authorization", "Bearer sk-secret"]);
    expect(one).toMatch(/^[0-9a-f]{16}$/);
    expect(credentialOf(["x-a", "1", "AUTHORIZATION", "Bearer sk-secret"])).toBe(one);
    const others = [
      ["authorization", "Bearer sk-other"],
      ["x-api-key", "sk-secret"],
      ["api-key", "sk-other"],
      ["x-goog-api-key", "sk-third"],
    ].map(credentialOf);
    expect(new Set([one, ...others]).size).toBe(5);
    expect(credentialOf(["Accept", "*/*"])).toBe("none");
  });
});
