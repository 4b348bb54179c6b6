/** A policy's expressions match as the language's own do, but take time linear in the text. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { readPattern } from "../../../proxy/policy/pattern.ts";

function compiled(source: string): RegExp {
  const read = readPattern(source);
  if (!read.ok) throw new Error(read.message);
  return read.pattern;
}

/** Symbols, with letters whose other case lies far away. */
const symbol = fc.constantFrom(
  ...Array.from("abcAK. é"),
  ".",
  "\\w",
  "\\W",
  "\\d",
  "\\s",
  "[ab]",
  "[^a-c]",
  "[\\]\\d]",
  "ſ",
  "\\p{Lu}",
  "\\x61",
  "\\u0062",
  "\\u{63}",
  "\\n",
  "\\cJ",
  "\\.",
  "日",
);
const quantifier = fc.constantFrom(
  "*",
  "+",
  "?",
  "{2}",
  "{1,3}",
  "{2,}",
  "*?",
  "+?",
  "??",
  "{0,2}?",
);

const { source } = fc.letrec<{ source: string }>((tie) => ({
  source: fc.oneof(
    { maxDepth: 5 },
    symbol,
    fc.tuple(tie("source"), tie("source")).map((parts) => parts.join("")),
    fc.tuple(tie("source"), tie("source")).map(([one, other]) => `(?:${one}|${other})`),
    fc.tuple(tie("source"), tie("source")).map(([one, other]) => `(${one}|${other})`),
    fc.tuple(tie("source"), quantifier).map(([one, sign]) => `(?:${one})${sign}`),
    fc.tuple(tie("source"), quantifier).map(([one, sign]) => `(${one})${sign}`),
    fc.tuple(symbol, quantifier).map(([one, sign]) => `${one}${sign}`),
    fc.tuple(fc.constantFrom("^", "\\b", "\\B"), tie("source")).map((parts) => parts.join("")),
    fc.tuple(tie("source"), fc.constantFrom("$", "\\b", "\\B")).map((parts) => parts.join("")),
  ),
}));
const text = fc.string({
  unit: fc.constantFrom(...Array.from("abcABCkK1. \n_éſ日]s\u212a")),
  maxLength: 9,
});

/** What `exec` gives, with holes made visible. */
function shapeOf(found: RegExpExecArray | null): unknown {
  return found === null ? null : [found.index, ...Array.from(found, (part) => part ?? null)];
}

test("what is accepted gives the same matches and groups as the language's own expression", () => {
  let accepted = 0;
  fc.assert(
    fc.property(source, fc.array(text, { minLength: 1, maxLength: 4 }), (pattern, texts) => {
      const read = readPattern(pattern);
      if (!read.ok) return;
      const native = new RegExp(pattern, "iu");
      for (const each of texts) {
        accepted += 1;
        expect(read.pattern.test(each)).toBe(native.test(each));
        expect(shapeOf(read.pattern.exec(each))).toEqual(shapeOf(native.exec(each)));
      }
    }),
    { numRuns: 3000 },
  );
  expect(accepted).toBeGreaterThan(3000);
});

describe("cases of their own", () => {
  test("code points outside the basic plane are one symbol", () => {
    expect(compiled("^.$").test("😀")).toBe(true);
    expect(compiled(String.raw`^\ud83d\ude00$`).test("😀")).toBe(true);
    expect(compiled("[😀😁]").exec("a😁")?.index).toBe(1);
  });

  test("an alternative that is not taken leaves its group unset", () => {
    const found = compiled("(a)|(b)").exec("xb");
    expect(found?.[0]).toBe("b");
    expect(found?.[1]).toBeUndefined();
    expect(found?.[2]).toBe("b");
    expect(found).toHaveLength(3);
  });

  test("named groups are known by name", () => {
    const found = compiled("(?<year>\\d{4})-(?:x|(?<month>\\d\\d))").exec("on 2026-11");
    expect(found?.groups).toEqual({ year: "2026", month: "11" });
  });

  test("text methods that take an expression use it", () => {
    expect("order 12, order 13".match(compiled("order (\\d+)"))?.[1]).toBe("12");
    expect("a b".replace(compiled("B"), "c")).toBe("a c");
    expect("xay".search(compiled("A"))).toBe(1);
  });

  test("a lone half of a code point is a symbol like others", () => {
    expect(compiled("a.b").test("a\ud83db")).toBe(true);
  });
});

test.each([
  ["(?=a)b", "looking ahead or behind, and inline flags, are not offered"],
  ["(?!a)b", "looking ahead or behind, and inline flags, are not offered"],
  ["(?<=a)b", "looking ahead or behind, and inline flags, are not offered"],
  ["(?<!a)b", "looking ahead or behind, and inline flags, are not offered"],
  ["(?i:a)b", "looking ahead or behind, and inline flags, are not offered"],
  ["(a)\\1", "references to a group are not offered"],
  ["(?<n>a)\\k<n>", "references to a group are not offered"],
  ["(a+)+", "an open repetition (* or +) inside another is not offered"],
  ["(?:x(?:a|b*c)){2,}", "an open repetition (* or +) inside another is not offered"],
  ["((a+)b)*", "an open repetition (* or +) inside another is not offered"],
  ["(a|b?)*", "a repeated part must not match nothing"],
  ["(?:\\b)?", "a repeated part must not match nothing"],
  ["(?:(a*))?", "a repeated part must not match nothing"],
  ["(?:a{100}){100}", "the expression is too large; use smaller counts"],
  ["a".repeat(1001), "an expression has at most 1000 characters"],
  ["a)", "this is not a regular expression (Unmatched ')')"],
  ["\\u{110000}", "this is not a regular expression (Invalid Unicode escape)"],
])("%s is refused", (pattern, message) => {
  expect(readPattern(pattern)).toEqual({ ok: false, message });
});

test.each([
  ["\\s+$", " "],
  ["x*x*x*y", "x"],
  [".*a.*b.*c", "ab"],
  ["(?:\\w+ ){1,5}end", "word "],
  ["(?:a|b)*?c{3}", "ab"],
  ["\\b[a-z]{1,40}\\b.{0,30}!", "ab cd "],
])("%s needs no more than a few looks at each character", (pattern, unit) => {
  // The language's own engine takes minutes for some of these at this length, and hours for others.
  const long = unit.repeat(200_000 / unit.length);
  const expression = compiled(pattern);
  expect(expression.test(`${long}\n`)).toBe(pattern === "\\s+$");
  expect(expression.exec(`${long}#`)).toBeNull();
});

test("very many different characters and states do not fill the memory", () => {
  const expression = compiled("[^a]{3}z.{12}q");
  const letters = Array.from({ length: 9000 }, (_, at) => String.fromCodePoint(0x3400 + at));
  expect(expression.test(letters.join(""))).toBe(false);
  let seed = 7;
  const noise = Array.from({ length: 60_000 }, () => {
    seed = (seed * 1_103_515_245 + 12_345) % 2_147_483_648;
    return "zxy"[seed % 3];
  });
  expect(expression.test(noise.join(""))).toBe(false);
  expect(expression.test(`${noise.join("")}xxxz123456789012q`)).toBe(true);
});
