/** Splicing: the named values change and not one other byte does. */
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Json } from "../../../proxy/core/request.ts";
import { splice } from "../../../proxy/wire/splice.ts";

function spliced(body: string, edits: Readonly<Record<string, Json>>): string | null {
  return splice(Buffer.from(body), new Map(Object.entries(edits)))?.toString() ?? null;
}

describe("splice", () => {
  it.each([
    ["a value in place", '{"model":"a","x":1}', { model: "b" }, '{"model":"b","x":1}'],
    [
      "a value of every kind",
      '{"a":[1,{"a":2}],"b":{"c":"}"},"c":1.0,"d":null,"e":"\\"]"}',
      { a: 1, b: 2, c: 3, d: 4, e: 5 },
      '{"a":1,"b":2,"c":3,"d":4,"e":5}',
    ],
    [
      "a missing value behind the last",
      '{"x":1 }',
      { model: "b", t: 0.5 },
      '{"x":1,"model":"b","t":0.5 }',
    ],
    ["a missing value in an empty object", " {\n} ", { model: "b" }, ' {"model":"b"\n} '],
    ["nothing without edits", ' {"x" : 1}\n', {}, ' {"x" : 1}\n'],
    [
      "nothing else among blanks",
      '{ "model"\t:\r\n "a" , "x":1 }',
      { model: "b" },
      '{ "model"\t:\r\n "b" , "x":1 }',
    ],
    [
      "no nested key of the same name",
      '{"x":{"model":"a"},"y":["model"],"model":"a"}',
      { model: "b" },
      '{"x":{"model":"a"},"y":["model"],"model":"b"}',
    ],
    [
      "no string that looks like a key",
      '{"x":"\\"model\\":\\"a\\"","model":"a"}',
      { model: "b" },
      '{"x":"\\"model\\":\\"a\\"","model":"b"}',
    ],
    [
      "a key that is written with escapes",
      '{"mod\\u0065l":"a"}',
      { model: "b" },
      '{"mod\\u0065l":"b"}',
    ],
    [
      "values behind backslashes",
      '{"x":"\\\\","y":"\\\\\\"","model":"a"}',
      { model: "b" },
      '{"x":"\\\\","y":"\\\\\\"","model":"b"}',
    ],
    [
      "text in other scripts",
      '{"x":"明日🎉","model":"é"}',
      { model: "ü" },
      '{"x":"明日🎉","model":"ü"}',
    ],
    [
      "a value by an object",
      '{"r":1}',
      { r: { a: ["x", null, true] } },
      '{"r":{"a":["x",null,true]}}',
    ],
  ] as const)("changes %s", (_what, body, edits, expected) => {
    expect(spliced(body, edits)).toBe(expected);
  });

  it.each([
    ["nothing", ""],
    ["no JSON", "{model}"],
    ["what is cut off", '{"model":"a"'],
    ["something behind the object", '{"model":"a"} x'],
    ["a list", '[{"model":"a"}]'],
    ["a string", '"model"'],
    ["a repeated key", '{"model":"a","model":"b"}'],
    ["a repeated key, once with escapes", '{"model":"a","mod\\u0065l":"b"}'],
    ["a byte order mark", '\uFEFF{"model":"a"}'],
    ["absurd depth", `{"model":"a","x":${"[".repeat(100_000)}${"]".repeat(100_000)}}`],
  ])("leaves %s alone", (_what, body) => {
    expect(spliced(body, { model: "c" })).toBeNull();
  });

  it("leaves invalid UTF-8 alone", () => {
    const body = Buffer.from([...Buffer.from('{"model":"'), 0xff, ...Buffer.from('"}')]);
    expect(splice(body, new Map([["model", "b"]]))).toBeNull();
  });

  it("parses to the same object with the edits, whatever the object and its layout", () => {
    const key = fc.oneof(fc.constantFrom("model", 'a"b', "ü\\", "", "__proto__"), fc.string());
    const object = fc.dictionary(key, fc.jsonValue(), { maxKeys: 8 });
    const edit = fc.dictionary(key, fc.jsonValue(), { maxKeys: 4 });
    fc.assert(
      fc.property(
        object,
        edit,
        fc.constantFrom(undefined, 2, "\t\r\n"),
        (before, edits, indent) => {
          const body = Buffer.from(JSON.stringify(before, null, indent));
          const after = splice(body, new Map<string, Json>(entriesOf(edits)));
          const wanted = new Map([...entriesOf(before), ...entriesOf(edits)]);
          expect(entriesOf(JSON.parse(after?.toString() ?? ""))).toEqual(
            entriesOf(JSON.parse(JSON.stringify(Object.fromEntries(wanted)))),
          );
        },
      ),
    );
  });

  it("keeps every byte outside the edited value", () => {
    const body = '{ "b" : 1.00,\n "model":"long old name", "é": [1e2, "x"] }';
    fc.assert(
      fc.property(fc.string(), (model) => {
        const after = spliced(body, { model });
        const [before, behind] = body.split('"long old name"');
        expect(after).toBe(`${before}${JSON.stringify(model)}${behind}`);
      }),
    );
  });
});

function entriesOf(object: object): [string, Json][] {
  return Object.entries(object).map(([key, value]): [string, Json] => [key, value]);
}
