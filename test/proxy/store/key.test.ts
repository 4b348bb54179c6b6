/** A key changes with everything that can change a reply, and with nothing else. */
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { CacheRule } from "../../../proxy/core/policy.ts";
import type { Json, JsonObject } from "../../../proxy/core/request.ts";
import { cacheKey, identityOf, type CacheCall } from "../../../proxy/store/key.ts";
import { viewOf } from "../../support/builders.ts";
import { chatParameters, messagesParameters, silentHeaders, tellingHeaders } from "./parameters.ts";

const body: JsonObject = { model: "gpt-4o-mini", messages: [{ role: "user", content: "Hi" }] };

function keyOf(more: Partial<CacheCall> = {}): string {
  const plain = { provider: "openai", path: "/v1/chat/completions", headers: [], body } as const;
  return cacheKey({ ...plain, caller: null, scope: "global", identity: null, ...more });
}

const json = fc.json({ maxDepth: 4 }).map((text): Json => JSON.parse(text));
const bodies = fc.dictionary(
  fc.oneof(fc.constantFrom("model", "messages", "tools", "temperature"), fc.string()),
  json,
  { minKeys: 1, maxKeys: 6 },
);

function isObject(value: Json): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isList(value: Json): value is readonly Json[] {
  return Array.isArray(value);
}

/** Every value that differs from `value` in one place: each leaf changed, each member added or taken away. */
function mutations(value: Json): Json[] {
  if (isList(value)) {
    const inner = value.flatMap((item, at) => mutations(item).map((to) => value.with(at, to)));
    return [...inner, [...value, "added"], { list: value }];
  }
  if (isObject(value)) {
    const entries = Object.entries(value);
    const put = (name: string, to: Json): Json =>
      Object.fromEntries([...entries.filter(([other]) => other !== name), [name, to]]);
    const inner = entries.flatMap(([name, item]) => mutations(item).map((to) => put(name, to)));
    const without = entries.map(([name]) =>
      Object.fromEntries(entries.filter(([other]) => other !== name)),
    );
    return [...inner, ...without, { ...value, addedHere: null }];
  }
  if (typeof value === "number") return [value + Math.max(1, Math.abs(value)), String(value)];
  if (typeof value === "string") return [`${value} `, [value]];
  return [value === null ? false : !value, null].filter((other) => other !== value);
}

/** The same body as another client might write it: keys in another order, white space between tokens. */
function rewritten(value: Json): Json {
  if (isList(value)) return value.map(rewritten);
  if (!isObject(value)) return value;
  return Object.fromEntries(
    Object.entries(value)
      .toReversed()
      .map(([name, inner]) => [name, rewritten(inner)]),
  );
}

/** Changes to the plain body. */
function withFields(more: JsonObject): Partial<CacheCall> {
  return { body: { ...body, ...more } };
}

function keyOfText(text: string, withBytes: boolean): string {
  return keyOf({ body: JSON.parse(text), bytes: withBytes ? Buffer.from(text) : undefined });
}

function rule(more: Partial<CacheRule>): CacheRule {
  const identity = { kind: "protocol" } as const;
  return { mode: "exact", scope: "user", identity, ttlMs: 1, tools: false, ...more };
}

describe("cache key", () => {
  it("is a SHA-256 in hex, the same for a thousand repeats", () => {
    const keys = new Set(
      Array.from({ length: 1000 }, () => keyOf({ body: structuredClone(body) })),
    );
    expect(keys.size).toBe(1);
    expect(keyOf()).toMatch(/^[0-9a-f]{64}$/);
  });

  it("changes with any change anywhere in a body", () => {
    fc.assert(
      fc.property(bodies, (given) => {
        const formless = { ...given, stream: false };
        const keys = mutations(given)
          .filter(isObject)
          .map((changed) => keyOf({ body: { ...changed, stream: true } }));
        expect(keys).not.toContain(keyOf({ body: formless }));
      }),
      { numRuns: 300 },
    );
  });

  it("does not change with the order of keys or with white space", () => {
    fc.assert(
      fc.property(bodies, (given) => {
        const other: JsonObject = JSON.parse(JSON.stringify(rewritten(given), null, 3));
        const plain: JsonObject = JSON.parse(JSON.stringify(given));
        expect(keyOf({ body: other })).toBe(keyOf({ body: plain }));
      }),
    );
  });

  it.each(chatParameters)("changes with the chat parameter %s", (name, one, other) => {
    const keys = [one, other, null].map((value) => keyOf({ body: { ...body, [name]: value } }));
    expect(new Set(keys).size).toBe(3);
  });

  it.each(messagesParameters)("changes with the messages parameter %s", (name, one, other) => {
    const call = { provider: "anthropic", path: "/v1/messages" };
    const keys = [one, other, null].map((value) =>
      keyOf({ ...call, body: { ...body, [name]: value } }),
    );
    expect(new Set(keys).size).toBe(3);
  });

  it("is shared by both forms of one reply", () => {
    const streamed = { ...body, stream: true, stream_options: { include_usage: true } };
    expect(keyOf({ body: streamed })).toBe(keyOf({ body: { ...body, stream: false } }));
    expect(keyOf({ body: streamed })).toBe(keyOf());
  });

  it("is not shared with a stream that is told in a way which no replay knows", () => {
    const usage = { include_usage: true, include_obfuscation: false };
    const known = { ...body, stream: true, stream_options: usage };
    const other = (value: Json): JsonObject => ({ ...known, stream_options: value });
    expect(keyOf({ body: known })).toBe(keyOf());
    expect(keyOf({ body: other(null) })).toBe(keyOf());
    const keys = [true, false].map((on) =>
      keyOf({ body: other({ ...usage, continuous_usage_stats: on }) }),
    );
    expect(new Set([keyOf(), ...keys]).size).toBe(3);
  });

  it("keeps fields called stream that lie deeper", () => {
    expect(keyOf({ body: { ...body, metadata: { stream: true } } })).not.toBe(
      keyOf({ body: { ...body, metadata: { stream: false } } }),
    );
  });

  it.each([
    ["provider", { provider: "openai" }, { provider: "backup" }],
    ["path", { path: "/v1/chat/completions" }, { path: "/v1/messages" }],
    ["query", { path: "/v1/messages" }, { path: "/v1/messages?beta=true" }],
  ])("changes with the %s", (_what, one, other) => {
    expect(keyOf(one)).not.toBe(keyOf(other));
  });

  it.each(tellingHeaders)("changes with the header %s", (name, one, other) => {
    const keys = [[], [name, one], [name, other]].map((headers) => keyOf({ headers }));
    expect(new Set(keys).size).toBe(3);
    expect(keyOf({ headers: [name.toUpperCase(), one] })).toBe(keys[1]);
  });

  it.each(silentHeaders)("does not change with the header %s", (name) => {
    expect(keyOf({ headers: [name, "1"] })).toBe(keyOf({ headers: [name, "2"] }));
    expect(keyOf({ headers: [name, "1"] })).toBe(keyOf());
  });

  it("keeps the order of one header's values but not that of different headers", () => {
    const one = keyOf({
      headers: ["anthropic-beta", "a", "x-api-key", "k", "anthropic-beta", "b"],
    });
    expect(
      keyOf({ headers: ["x-api-key", "k", "anthropic-beta", "a", "anthropic-beta", "b"] }),
    ).toBe(one);
    expect(
      keyOf({ headers: ["x-api-key", "k", "anthropic-beta", "b", "anthropic-beta", "a"] }),
    ).not.toBe(one);
    expect(keyOf({ headers: ["x-api-key", "k", "anthropic-beta", "a, b"] })).not.toBe(one);
  });

  it("takes a header line without its value for an empty one's absence", () => {
    expect(keyOf({ headers: ["x-app-tenant"] })).toBe(keyOf());
  });
});

describe("cache key and the user", () => {
  it.each([
    ["user", withFields({ user: "ann" }), withFields({ user: "bob" })],
    [
      "safety_identifier",
      withFields({ safety_identifier: "ann" }),
      withFields({ safety_identifier: "bob" }),
    ],
    [
      "metadata.user_id",
      withFields({ metadata: { user_id: "ann" } }),
      withFields({ metadata: { user_id: "bob" } }),
    ],
  ])("ignores %s under scope global, and separates by it under scope user", (_what, ann, bob) => {
    expect(keyOf(ann)).toBe(keyOf(bob));
    expect(keyOf({ ...ann, scope: "user" })).not.toBe(keyOf({ ...bob, scope: "user" }));
  });

  it("keeps everything else in metadata under scope global", () => {
    expect(keyOf(withFields({ metadata: { user_id: "ann", topic: "a" } }))).not.toBe(
      keyOf(withFields({ metadata: { user_id: "ann", topic: "b" } })),
    );
    expect(keyOf(withFields({ metadata: "ann" }))).not.toBe(keyOf(withFields({ metadata: "bob" })));
    expect(keyOf(withFields({ other: { user_id: "ann" } }))).not.toBe(
      keyOf(withFields({ other: { user_id: "bob" } })),
    );
  });

  it("separates users by identity, and never mixes scopes", () => {
    const keys = [
      keyOf({ scope: "user", identity: "ann" }),
      keyOf({ scope: "user", identity: "bob" }),
      keyOf({ scope: "user", identity: null }),
      keyOf({ scope: "global", identity: null }),
    ];
    expect(new Set(keys).size).toBe(4);
    expect(keyOf({ scope: "global", identity: "ann" })).toBe(keyOf({ scope: "global" }));
  });

  it("lets no value run over into its neighbour", () => {
    const parts = [
      keyOf({ provider: "ab", path: "c" }),
      keyOf({ provider: "a", path: "bc" }),
      keyOf({ headers: ["x-a", "b", "x-c", "d"] }),
      keyOf({ headers: ["x-a", 'b"],["x-c","d'] }),
    ];
    expect(new Set(parts).size).toBe(4);
  });
});

describe("cache key and numbers that parsing merges", () => {
  const one = '{"seed":9007199254740993}';
  const other = '{"seed":9007199254740992}';
  it("tells them apart by the bytes as sent", () => {
    expect(keyOfText(one, true)).not.toBe(keyOfText(other, true));
    expect(keyOfText(one, true)).toBe(keyOfText(one, true));
  });

  it("does not look at the bytes where parsing kept every number", () => {
    expect(keyOfText('{"seed":1}', true)).toBe(keyOfText('{ "seed": 1.0 }', true));
    expect(keyOfText('{"seed":1}', true)).toBe(keyOfText('{"seed":1}', false));
  });
});

describe("identity", () => {
  const chat = viewOf("Hi", { user: "ann", metadataUserId: "ann-meta" });
  const messages = viewOf("Hi", { protocol: "anthropic-messages", metadataUserId: "bob" });

  it("is where the call's protocol names its user", () => {
    expect(identityOf(rule({}), chat, [])).toBe("ann");
    expect(identityOf(rule({}), messages, [])).toBe("bob");
  });

  it("is where the policy says", () => {
    expect(identityOf(rule({ identity: { kind: "body.user" } }), chat, [])).toBe("ann");
    expect(identityOf(rule({ identity: { kind: "body.metadata.user_id" } }), chat, [])).toBe(
      "ann-meta",
    );
    const byHeader = rule({ identity: { kind: "header", name: "X-User" } });
    expect(identityOf(byHeader, chat, ["x-user", " carol "])).toBe("carol");
    expect(identityOf(byHeader, chat, ["x-user", "a", "X-USER", "b"])).toBe("a, b");
  });

  it("is nobody under scope global", () => {
    expect(identityOf(rule({ scope: "global" }), chat, [])).toBeNull();
  });

  it.each([
    ["no user", rule({}), viewOf("Hi"), []],
    ["an empty user", rule({}), viewOf("Hi", { user: "" }), []],
    ["blanks", rule({}), viewOf("Hi", { user: "  " }), []],
    ["a forgotten variable", rule({}), viewOf("Hi", { user: "undefined" }), []],
    ["a stringified object", rule({}), viewOf("Hi", { user: "[object Object]" }), []],
    ["anonymous", rule({}), viewOf("Hi", { user: "Anonymous" }), []],
    ["no header", rule({ identity: { kind: "header", name: "x-user" } }), chat, ["x-other", "a"]],
    [
      "one empty header of two",
      rule({ identity: { kind: "header", name: "x-user" } }),
      chat,
      ["x-user", "a", "x-user", ""],
    ],
  ])("is nobody when the call names %s", (_what, given, view, headers) => {
    expect(identityOf(given, view, headers)).toBeNull();
  });
});
