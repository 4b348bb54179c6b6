/** Breakers and rate limits as callers of the upstream see them, over real connections. */
import { describe, expect, test, vi } from "vitest";
import type { BreakerRule } from "../../../proxy/core/policy.ts";
import type { UpstreamCall } from "../../../proxy/core/ports.ts";
import type { BreakerChange } from "../../../proxy/upstream/breaker.ts";
import { Breakers } from "../../../proxy/upstream/breakers.ts";
import { RateLimits, retryAfterMs } from "../../../proxy/upstream/rate-limit.ts";
import type { ReplyScript } from "../../support/scripted-upstream-script.ts";
import { callTo, drained, faultOf, pair, replyOf, type Pair } from "./upstream-call.ts";

const rule: BreakerRule = { errorThreshold: 0.5, windowMs: 60_000, minRequests: 4, cooldownMs: 40 };

interface Watched extends Pair {
  readonly changes: BreakerChange[];
  readonly reached: (state: BreakerChange["to"]) => Promise<void>;
}

async function watched(cooldownMs = rule.cooldownMs): Promise<Watched & { rule: BreakerRule }> {
  const changes: BreakerChange[] = [];
  const both = await pair({ onChange: (change) => changes.push(change) });
  const reached = (state: BreakerChange["to"]): Promise<void> =>
    vi.waitFor(() => expect(changes.at(-1)?.to).toBe(state), { timeout: 10_000, interval: 2 });
  return { ...both, changes, reached, rule: { ...rule, cooldownMs } };
}

/** Sends one call that the cloud answers by `script`; what came of it in one word. */
async function sent(
  both: Watched & { rule: BreakerRule },
  script: ReplyScript,
  hasFallback = false,
  changes: Partial<UpstreamCall> = {},
): Promise<string> {
  both.cloud.play(script);
  const provider = { ...both.provider, breaker: both.rule };
  const result = await both.upstream.send(callTo(provider, changes), hasFallback);
  if ("kind" in result) return result.reason;
  await drained(result);
  return String(result.status);
}

const good: ReplyScript = { body: "ok" };
const bad: ReplyScript = { status: 500 };

describe("a breaker", () => {
  test("opens, half-opens for one probe, and closes again", async () => {
    await using both = await watched();
    for (const script of [good, good, bad]) await sent(both, script);
    expect(both.upstream.isDown("cloud")).toBe(false);
    await sent(both, bad);
    expect(both.upstream.isDown("cloud")).toBe(true);
    expect(both.upstream.breakers()).toEqual([
      { name: "cloud", state: "open", failures: 2, requests: 4 },
    ]);
    const before = both.cloud.exchanges.length;
    expect(await sent(both, good, true)).toBe("breaker_open");
    expect(both.cloud.exchanges.length).toBe(before);
    await both.reached("half_open");
    expect(both.upstream.isDown("cloud")).toBe(false);
    expect(await sent(both, good, true)).toBe("200");
    await both.reached("closed");
    expect(await sent(both, good, true)).toBe("200");
    expect(both.changes).toEqual([
      { name: "cloud", from: "closed", to: "open" },
      { name: "cloud", from: "open", to: "half_open" },
      { name: "cloud", from: "half_open", to: "closed" },
    ]);
  });

  test("says how long until it tries again", async () => {
    await using both = await watched(60_000);
    for (const script of [bad, bad, bad, bad]) await sent(both, script);
    const provider = { ...both.provider, breaker: both.rule };
    const fault = faultOf(await both.upstream.send(callTo(provider), true));
    expect(fault).toMatchObject({ reason: "breaker_open", detail: "breaker open" });
    expect(fault.retryAfterMs).toBeGreaterThan(50_000);
    expect(fault.retryAfterMs).toBeLessThanOrEqual(60_000);
  });

  test("lets one probe through at a time and opens again when it fails", async () => {
    await using both = await watched(500);
    for (const script of [bad, bad, bad, bad]) await sent(both, script);
    await both.reached("half_open");
    const provider = { ...both.provider, breaker: both.rule };
    both.cloud.play({ fault: { phase: "before-headers", kind: "stall" } });
    const gone = new AbortController();
    const probe = both.upstream.send(callTo(provider, { signal: gone.signal }), true);
    expect(both.upstream.isDown("cloud")).toBe(true);
    const refused = faultOf(await both.upstream.send(callTo(provider), true));
    expect(refused).toMatchObject({ reason: "breaker_open", retryAfterMs: null });
    // A probe whose caller leaves says nothing; the next call is the probe.
    gone.abort();
    expect(faultOf(await probe).reason).toBe("caller_gone");
    expect(both.changes.at(-1)?.to).toBe("half_open");
    expect(both.upstream.isDown("cloud")).toBe(false);
    expect(await sent(both, bad, true)).toBe("500");
    await both.reached("open");
  });

  test("does not wait for ever for a probe that hangs", async () => {
    await using both = await watched();
    for (const script of [bad, bad, bad, bad]) await sent(both, script);
    await both.reached("half_open");
    const provider = { ...both.provider, breaker: both.rule };
    both.cloud.queue({ fault: { phase: "before-headers", kind: "stall" } });
    void both.upstream.send(callTo(provider), true);
    await vi.waitFor(() => expect(both.upstream.isDown("cloud")).toBe(false), { interval: 2 });
    expect(await sent(both, good, true)).toBe("200");
    await both.reached("closed");
  });

  test("lets calls through that have nothing to fall back on, and recovers by them", async () => {
    await using both = await watched(600_000);
    for (const script of [bad, bad, bad, bad, bad, bad])
      expect(await sent(both, script)).toBe("500");
    expect(both.upstream.isDown("cloud")).toBe(true);
    expect(await sent(both, good)).toBe("200");
    await both.reached("closed");
    expect(await sent(both, good, true)).toBe("200");
  });

  test("is not closed by a call that was begun before it opened", async () => {
    await using both = await watched(600_000);
    const answer = Promise.withResolvers<void>();
    both.cloud.queue(async (exchange) => {
      await answer.promise;
      await exchange.reply(good);
    });
    const provider = { ...both.provider, breaker: both.rule };
    const slow = both.upstream.send(callTo(provider), false);
    await both.cloud.next();
    for (const script of [bad, bad, bad, bad]) await sent(both, script);
    answer.resolve();
    expect(replyOf(await slow).status).toBe(200);
    expect(both.upstream.isDown("cloud")).toBe(true);
  });

  test.each([
    ["500", bad],
    ["503", { status: 503 }],
    ["529", { status: 529 }],
    ["a reset", { fault: { phase: "before-headers", kind: "reset" } }],
    ["garbage", { fault: { phase: "before-headers", kind: "garbage" } }],
  ] as const)("counts %s", async (_, script) => {
    await using both = await watched(60_000);
    for (let at = 0; at < 4; at += 1) await sent(both, script);
    expect(both.upstream.isDown("cloud")).toBe(true);
  });

  test("counts refused connections and timeouts", async () => {
    await using both = await watched(60_000);
    const timeouts = { connectMs: 1_000, firstByteMs: 30, idleMs: 1_000 };
    const provider = { ...both.provider, timeouts, breaker: both.rule };
    both.cloud.play({ fault: { phase: "before-headers", kind: "stall" } });
    for (const _ of [1, 2]) await both.upstream.send(callTo(provider), false);
    await both.cloud.refuse();
    for (const _ of [1, 2]) await both.upstream.send(callTo(provider), false);
    expect(both.upstream.isDown("cloud")).toBe(true);
  });

  test.each([
    ["400", { status: 400 }],
    ["401", { status: 401 }],
    ["429", { status: 429, headers: ["Retry-After", "9"] }],
    ["a body that breaks", { body: "abc", fault: { phase: "mid-body", kind: "reset" } }],
  ] as const)("does not count %s", async (_, script) => {
    await using both = await watched();
    for (let at = 0; at < 8; at += 1) await sent(both, script);
    expect(both.upstream.breakers()).toMatchObject([{ state: "closed", failures: 0 }]);
  });

  test("does not count callers who left or calls that cannot be written", async () => {
    await using both = await watched();
    for (let at = 0; at < 8; at += 1) {
      expect(await sent(both, good, false, { signal: AbortSignal.abort() })).toBe("caller_gone");
      await sent(both, good, false, { headers: ["X", "a\nb"] });
    }
    expect(both.upstream.breakers()).toMatchObject([{ requests: 0 }]);
  });

  test("opens at a threshold of every call failing", async () => {
    await using both = await watched(60_000);
    const strict = {
      ...both,
      rule: { ...both.rule, errorThreshold: 1, minRequests: 1 },
    };
    await sent(strict, bad);
    expect(both.upstream.isDown("cloud")).toBe(true);
  });

  test("is one's own by name, and a new one when its rule changes", async () => {
    await using both = await watched(60_000);
    const account = { breaker: "other", credential: "none", model: "" };
    for (const script of [bad, bad, bad, bad]) await sent(both, script);
    expect(await sent(both, good, true, { account })).toBe("200");
    expect(both.upstream.breakers().map(({ name }) => name)).toEqual(["cloud", "other"]);
    expect(await sent({ ...both, rule: { ...both.rule, minRequests: 5 } }, good, true)).toBe("200");
    expect(both.upstream.isDown("cloud")).toBe(false);
    expect(both.upstream.isDown("unknown")).toBe(false);
  });

  test("is dropped when unused for long, and there are never too many", () => {
    let nowMs = 1;
    const breakers = new Breakers({ now: () => nowMs, onChange: () => undefined });
    for (let at = 0; at < 300; at += 1) breakers.of(`provider-${at}`, rule);
    expect(breakers.states().length).toBe(256);
    const used = breakers.of("provider-298", rule);
    for (let at = 0; at < 3; at += 1) {
      nowMs += 800_000;
      expect(breakers.of("provider-298", rule)).toBe(used);
    }
    breakers.of("provider-299", rule);
    expect(breakers.states().map(({ name }) => name)).toEqual(["provider-298", "provider-299"]);
    breakers.close();
  });
});

describe("a rate limit", () => {
  const limited: ReplyScript = { status: 429, headers: ["Retry-After", "20"] };
  const account = { breaker: "cloud", credential: "abc", model: "big" };

  test("holds calls with a fallback back for that credential and model, and no others", async () => {
    await using both = await watched();
    expect(await sent(both, limited, true, { account })).toBe("429");
    const provider = { ...both.provider, breaker: both.rule };
    const fault = faultOf(await both.upstream.send(callTo(provider, { account }), true));
    expect(fault).toMatchObject({ reason: "breaker_open", detail: "rate limited" });
    expect(fault.retryAfterMs).toBeGreaterThan(10_000);
    const others = [
      { ...account, model: "small" },
      { ...account, credential: "def" },
      { ...account, breaker: "elsewhere" },
    ];
    for (const other of others) {
      expect(await sent(both, good, true, { account: other })).toBe("200");
    }
    expect(both.upstream.isDown("cloud")).toBe(false);
  });

  test("lets calls without a fallback through, and a success ends it", async () => {
    await using both = await watched();
    await sent(both, limited, false, { account });
    expect(await sent(both, limited, false, { account })).toBe("429");
    expect(await sent(both, good, true, { account })).toBe("breaker_open");
    expect(await sent(both, good, false, { account })).toBe("200");
    expect(await sent(both, good, true, { account })).toBe("200");
  });

  test("ends with its time; the newest word counts", () => {
    let nowMs = 1_000;
    const limits = new RateLimits(() => nowMs);
    limits.note(account, 429, ["retry-after-ms", "500"]);
    limits.note(account, 503, ["Retry-After", "2"]);
    expect(limits.waitMs(account)).toBe(2_000);
    limits.note(account, 500, ["Retry-After", "9"]);
    limits.note(account, 429, []);
    expect(limits.waitMs(account)).toBe(2_000);
    nowMs += 1_999;
    expect(limits.waitMs(account)).toBe(1);
    nowMs += 1;
    expect(limits.waitMs(account)).toBe(0);
    limits.note(account, 429, ["Retry-After", "999999999"]);
    expect(limits.waitMs(account)).toBe(3_600_000);
  });

  test("forgets the longest unused account beyond a thousand", () => {
    const limits = new RateLimits(() => 0);
    for (let at = 0; at <= 1_000; at += 1) {
      limits.note({ ...account, credential: String(at) }, 429, ["Retry-After", "5"]);
    }
    expect(limits.waitMs({ ...account, credential: "0" })).toBe(0);
    expect(limits.waitMs({ ...account, credential: "1000" })).toBe(5_000);
  });

  test.each([
    [["Retry-After", "7"], 7_000],
    [["Retry-After", "0.5"], 500],
    [["retry-after-ms", "1500", "Retry-After", "7"], 1_500],
    [["retry-after-ms", "soon", "Retry-After", "7"], 7_000],
    [["Retry-After", "Thu, 01 Jan 1970 00:00:30 GMT"], 20_000],
    [["Retry-After", "Thu, 01 Jan 1970 00:00:05 GMT"], null],
    [["Retry-After", "0"], null],
    [["Retry-After", "-3"], null],
    [["Retry-After", "later"], null],
    [["Retry-After", ""], null],
    [[], null],
  ])("reads %j as a wait of %s ms", (headers, expected) => {
    expect(retryAfterMs(headers, 10_000)).toBe(expected);
  });
});
