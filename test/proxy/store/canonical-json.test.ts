/** One text per value, and one value per text. */
import { isDeepStrictEqual } from "node:util";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Json } from "../../../proxy/core/request.ts";
import { canonicalJson } from "../../../proxy/store/canonical-json.ts";

function parsed(text: string): Json {
  return JSON.parse(text);
}

const json = fc.json({ maxDepth: 5 }).map(parsed);

describe("canonical JSON", () => {
  it("sorts keys at every depth and keeps the order of lists", () => {
    const value = { b: [3, 1, { z: null, a: true }], a: "x" };
    expect(canonicalJson(value).text).toBe('{"a":"x","b":[3,1,{"a":true,"z":null}]}');
  });

  it("is JSON of the same value", () => {
    fc.assert(
      fc.property(json, (value) => {
        expect(parsed(canonicalJson(value).text)).toEqual(parsed(JSON.stringify(value)));
      }),
    );
  });

  it("gives two values one text exactly when they are equal", () => {
    fc.assert(
      fc.property(json, json, (one, other) => {
        const isSame = canonicalJson(one).text === canonicalJson(other).text;
        const written = [parsed(JSON.stringify(one)), parsed(JSON.stringify(other))];
        expect(isSame).toBe(isDeepStrictEqual(written[0], written[1]));
      }),
    );
  });

  it.each([
    ["a composed and a decomposed letter", '"\u00e9"', '"e\u0301"'],
    ["a lone surrogate and its replacement", '"\\ud800"', '"\ufffd"'],
    ["a number and its digits as text", "1", '"1"'],
    ["an overflow and null", "1e999", "null"],
    ["overflows of either sign", "1e999", "-1e999"],
    ["an empty list and an empty object", "[]", "{}"],
    ["nested and flat lists", "[[1],2]", "[1,[2]]"],
    ["a key that needs quoting", '{"a\\":1,\\"b":2}', '{"a":1,"b":2}'],
    ["the prototype's name as a key", '{"__proto__":1}', "{}"],
  ])("tells apart %s", (_what, one, other) => {
    expect(canonicalJson(parsed(one)).text).not.toBe(canonicalJson(parsed(other)).text);
  });

  it.each([
    ["1.0", "1"],
    ["1e2", "100"],
    ['"\\u0041"', '"A"'],
    ['{"a":1,"b":2}', '{ "b" : 2 ,\n"a" : 1 }'],
  ])("gives %s and %s, which are one value, one text", (one, other) => {
    expect(canonicalJson(parsed(one)).text).toBe(canonicalJson(parsed(other)).text);
  });

  it.each([
    ["9007199254740991", true],
    ["9007199254740993", false],
    ["-9007199254740993", false],
    ["1e999", false],
    ['{"a":[0.1,null,"9007199254740993"]}', true],
  ])("says of %s whether its numbers survived parsing: %s", (text, isExact) => {
    expect(canonicalJson(parsed(text)).isExact).toBe(isExact);
  });

  it("walks a hundred thousand levels without exhausting the stack", () => {
    const depth = 100_000;
    const text = `${"[".repeat(depth)}${"]".repeat(depth)}`;
    expect(canonicalJson(parsed(text)).text).toBe(text);
  });
});
