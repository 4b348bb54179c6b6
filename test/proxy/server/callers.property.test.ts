/** Who calls, for every shape of head: the right key in any usual header lets in, no other does, and no key is left in what goes on. */
import { createHash } from "node:crypto";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { headerValue, type HeaderLines } from "../../../proxy/core/http.ts";
import { identified } from "../../../proxy/server/callers.ts";
import { credentialNames } from "../../../proxy/upstream/edits.ts";

const keys = { shop: "sk-sidestep-shop-0123456789", search: "sk-sidestep-search-0123456789" };
const hashOf = (key: string): string => createHash("sha256").update(key).digest("hex");
const rules = Object.entries(keys).map(([name, key]) => ({ name, hashes: [hashOf(key)] }));

const cased = (text: string): fc.Arbitrary<string> =>
  fc
    .array(fc.boolean(), { minLength: text.length, maxLength: text.length })
    .map((upper) => text.replace(/./g, (c, at: number) => (upper[at] ? c.toUpperCase() : c)));
const space = fc.constantFrom("", " ", "  ");
/** A key in a credential's header, as clients write it. */
const carrying = (key: string): fc.Arbitrary<readonly [string, string]> =>
  fc.oneof(
    fc
      .tuple(cased("authorization"), cased("bearer"), space, space)
      .map(([name, scheme, before, after]) => [name, `${scheme} ${before}${key}${after}`] as const),
    fc
      .tuple(fc.constantFrom("x-api-key", "api-key", "x-goog-api-key").chain(cased), space)
      .map(([name, after]) => [name, `${key}${after}`] as const),
  );
const harmless = fc.tuple(
  fc.constantFrom("Accept", "user-agent", "Content-Type", "anthropic-version", "x-stainless-lang"),
  fc.constantFrom("*/*", "OpenAI/JS 7", "application/json", "2023-06-01", ""),
);
const wrong = fc
  .string({ maxLength: 60 })
  .filter((text) => !Object.values(keys).includes(text.trim()));
const shuffled = (
  lines: readonly (readonly [string, string])[],
): fc.Arbitrary<readonly (readonly [string, string])[]> =>
  fc.shuffledSubarray([...lines], { minLength: lines.length, maxLength: lines.length });

const headOf = (pairs: readonly (readonly [string, string])[], target = "/v1/models") => ({
  method: "POST",
  target,
  headers: pairs.flat(),
});
const leftIn = (headers: HeaderLines): boolean =>
  Object.values(keys).some((key) => headers.join("\n").includes(key)) ||
  credentialNames.some((name) => headerValue(headers, name) !== undefined);

describe("who calls", () => {
  it("is told by the key in any header that clients put it in, among whatever else", () => {
    const heads = fc
      .tuple(
        carrying(keys.shop),
        fc.array(harmless),
        fc.array(fc.oneof(carrying(keys.shop), wrong.chain(carrying)), { maxLength: 3 }),
      )
      .chain(([own, rest, more]) => shuffled([own, ...rest, ...more]));
    fc.assert(
      fc.property(heads, (pairs) => {
        const { caller, head } = identified(headOf(pairs), rules);
        expect(caller).toEqual({ kind: "known", name: "shop" });
        expect(leftIn(head.headers)).toBe(false);
      }),
    );
  });

  it("keeps every other line of the head as it was written, in its order", () => {
    fc.assert(
      fc.property(fc.array(harmless), carrying(keys.shop), (rest, own) => {
        const { head } = identified(headOf([...rest, own]), rules);
        expect(head.headers).toEqual(rest.flat());
      }),
    );
  });

  it("is unknown for any other key, none, or keys of two callers", () => {
    const others = fc.oneof(
      fc.array(wrong.chain(carrying), { maxLength: 4 }),
      fc.tuple(carrying(keys.shop), carrying(keys.search)),
      fc
        .constantFrom(...Object.values(keys))
        .chain((key) =>
          fc.oneof(
            fc.constant([["authorization", `Basic ${key}`]] as const),
            fc.constant([["authorization", `Bearer ${key}x`]] as const),
            fc.constant([["authorization", `Bearer ${key.slice(1)}`]] as const),
            fc.constant([["authorization", `Bearer ${hashOf(key)}`]] as const),
            fc.constant([["x-api-key", key.toUpperCase()]] as const),
            fc.constant([["x-other", key]] as const),
          ),
        ),
    );
    fc.assert(
      fc.property(others, (pairs) => {
        const { caller, head } = identified(headOf(pairs), rules);
        expect(caller).toEqual({ kind: "unknown" });
        expect(credentialNames.some((name) => headerValue(head.headers, name))).toBe(false);
      }),
    );
  });

  it("is never forwarded a key that stands elsewhere in the head", () => {
    const places = fc.tuple(
      fc.constantFrom("cookie", "x-forwarded-key", "sec-websocket-protocol", "referer"),
      fc.constantFrom("key=", "openai-insecure-api-key.", "https://x/?key=", ""),
    );
    fc.assert(
      fc.property(places, carrying(keys.shop), ([name, before], own) => {
        const { caller, head } = identified(headOf([[name, `${before}${keys.shop}`], own]), rules);
        expect(caller.kind).toBe("known");
        expect(head.headers).toEqual([]);
        const inUrl = identified(headOf([own], `/v1/models?key=${keys.shop}`), rules);
        expect(inUrl.caller).toEqual({ kind: "unknown" });
      }),
    );
  });

  it("is anyone, with a head that is untouched, where no callers are named", () => {
    const head = headOf([["Authorization", `Bearer ${keys.shop}`]]);
    expect(identified(head, null)).toEqual({ caller: { kind: "anyone" }, head });
  });
});
