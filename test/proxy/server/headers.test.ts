/** Our response headers: their values, their safety, and the page that lists them. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { validateHeaderName, validateHeaderValue } from "node:http";
import { describe, expect, it } from "vitest";
import { probability, score } from "../../../proxy/core/brand.ts";
import type { Policy } from "../../../proxy/core/policy.ts";
import type { Received } from "../../../proxy/core/received.ts";
import {
  cacheStatus,
  requestHeaders,
  responseHeaders,
  verdictHeaders,
} from "../../../proxy/server/headers.ts";
import { forwardRoute, policyOf, viewOf } from "../../support/builders.ts";
import { valuesOf, verdictOf } from "./harness.ts";

const context = { id: "abc", cache: null };

function receivedOf(policy: Partial<Policy>, more: Partial<Received> = {}): Received {
  return {
    id: "abc",
    startedMs: 0,
    bodyWaitMs: 0,
    head: { method: "POST", target: "/", headers: [] },
    caller: { kind: "anyone" },
    routed: { provider: "openai", path: "/" },
    body: { kind: "none" },
    reading: { kind: "view", view: viewOf("hello") },
    controls: { mode: null, cache: null, target: null },
    snapshot: {
      policy: policyOf(policy),
      intents: null,
      faqs: new Map(),
      labels: new Map(),
      isStopped: false,
    },
    signal: new AbortController().signal,
    ...more,
  };
}

describe("header values", () => {
  it("say everything that is known, in plain decimals", () => {
    const verdict = verdictOf({
      decision: "local",
      reason: "answered_faq",
      route: "faq",
      target: "haiku",
      confidence: probability(0.98765),
      complexity: score(0),
      costUsd: 0,
      savedUsd: 0.0000012,
      overheadMs: 3.1372,
      ageSeconds: 61,
    });
    const lines = verdictHeaders(verdict, { id: "abc", cache: "sidestep; hit" });
    const shown = lines.flatMap((part, at) => (at % 2 === 0 ? `${part}: ${lines[at + 1]}` : []));
    expect(shown).toEqual([
      "x-sidestep-decision: local",
      "x-sidestep-reason: answered_faq",
      "x-sidestep-route: faq",
      "x-sidestep-target: haiku",
      "x-sidestep-confidence: 0.9877",
      "x-sidestep-complexity: 0",
      "x-sidestep-request-id: abc",
      "x-sidestep-overhead-ms: 3.14",
      "x-sidestep-cost: 0",
      "x-sidestep-saved: 0.0000012",
      "age: 61",
      "cache-status: sidestep; hit",
      "server-timing: sidestep;dur=3.14",
    ]);
  });

  it("are left out where nothing is known", () => {
    const verdict = verdictOf({ confidence: null, complexity: null, costUsd: Number.NaN });
    const lines = verdictHeaders(verdict, context);
    for (const name of ["confidence", "complexity", "cost", "saved", "route", "target"]) {
      expect(valuesOf(lines, `x-sidestep-${name}`)).toEqual([]);
    }
    expect(valuesOf(lines, "age")).toEqual([]);
  });

  it("keep whole numbers whole", () => {
    const lines = verdictHeaders(verdictOf({ costUsd: 100, savedUsd: 1e-12 }), context);
    expect(valuesOf(lines, "x-sidestep-cost")).toEqual(["100"]);
    expect(valuesOf(lines, "x-sidestep-saved")).toEqual(["0"]);
  });

  it("never hold what could break a head, whatever a route is called", () => {
    const route = fc.oneof(
      fc.string({ unit: "binary" }),
      fc.constant("a\r\nX: b"),
      fc.constant("退款"),
    );
    fc.assert(
      fc.property(route, (name) => {
        const lines = verdictHeaders(verdictOf({ route: name }), context);
        for (let at = 0; at < lines.length; at += 2) {
          validateHeaderName(lines[at] ?? "");
          validateHeaderValue(lines[at] ?? "", lines[at + 1] ?? "");
        }
        return lines.every((part) => /^[\x20-\x7e]+$/.test(part));
      }),
    );
    expect(
      valuesOf(verdictHeaders(verdictOf({ route: "退" }), context), "x-sidestep-route"),
    ).toEqual(["%E9%80%80"]);
  });
});

describe("Cache-Status", () => {
  const on = { ...policyOf().cache, mode: "exact" } as const;
  const always = { kind: "all", of: [] } as const;

  it("tells hits from what was forwarded, and why", () => {
    const stored = receivedOf({ cache: on });
    expect(cacheStatus(verdictOf({ decision: "cache" }), stored)).toBe("sidestep; hit");
    expect(cacheStatus(verdictOf({ decision: "stale" }), stored)).toBe(
      "sidestep; hit; detail=stale",
    );
    expect(cacheStatus(verdictOf(), stored)).toBe("sidestep; fwd=uri-miss");
    expect(cacheStatus(verdictOf(), receivedOf({}))).toBe("sidestep; fwd=bypass");
    expect(cacheStatus(verdictOf({ decision: "local" }), stored)).toBeNull();
    expect(cacheStatus(verdictOf({ decision: "refused" }), stored)).toBeNull();
  });

  it("honours the route's own rule, the caller's wish, and what could not be read", () => {
    const routes = [{ ...forwardRoute("r", always), cache: on }];
    expect(cacheStatus(verdictOf({ route: "r" }), receivedOf({ routes }))).toContain("uri-miss");
    const controls = { mode: null, cache: "refresh", target: null } as const;
    const asked = receivedOf({ cache: on }, { controls });
    expect(cacheStatus(verdictOf(), asked)).toBe("sidestep; fwd=request");
    const reading = { kind: "unread", reason: "body_too_large" } as const;
    expect(cacheStatus(verdictOf(), receivedOf({ cache: on }, { reading }))).toContain("bypass");
    const would = { decision: "local", reason: "answered_faq", route: "r" } as const;
    expect(cacheStatus(verdictOf({ would }), receivedOf({ cache: on }))).toContain("bypass");
  });

  it("tells what is never kept and what is too old from what is not there", () => {
    const stored = receivedOf({ cache: on });
    const of = (lookup: "unkept" | "stale") => cacheStatus(verdictOf({ lookup }), stored);
    expect([of("unkept"), of("stale")]).toEqual(["sidestep; fwd=bypass", "sidestep; fwd=stale"]);
  });
});

describe("docs/headers.md", () => {
  const page = readFileSync(join(import.meta.dirname, "../../../docs/headers.md"), "utf8");
  const rows = [...page.matchAll(/^\| `([^`]+)` \| (.+) \|$/gm)].map(([, name, says]) => [
    name,
    says,
  ]);

  it("lists every header that is added or understood, in its own words, and no others", () => {
    const added = Object.entries(responseHeaders).map(([name, header]) => [name, header.says]);
    const understood = Object.entries(requestHeaders);
    expect(rows).toEqual([...added, ...understood]);
  });
});
