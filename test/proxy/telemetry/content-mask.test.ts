/** Content that is kept tells no person: addresses, phones, cards, accounts and numbers are masked, in whatever text they stand. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { maskedContent, maskedText } from "../../../proxy/telemetry/content-mask.ts";

describe("masked text", () => {
  it.each([
    ["an address", "write to john.doe+x@example.co.uk now", "write to [email] now"],
    ["an address in Japanese text", "メールはa.b@c.jpです", "メールは[email]です"],
    ["an address in another script", "пиши на иван@почта.рф", "пиши на [email]"],
    ["an address whose place begins like a token", "ask jo@eyjafjord.is", "ask [email]"],
    ["an address whose place begins like a key", "jo@sk-development.example", "[email]"],
    ["a password in a URL", "https://jo:hunter2@host.example/x", "https://[secret]/x"],
    ["an address of one label", "root@localhost", "[email]"],
    ["a card in groups", "card 4111 1111 1111 1111 exp 12/29", "card [card] exp 12/29"],
    ["a card with hyphens", "it is 5500-0000-0000-0004.", "it is [card]."],
    ["a card of fifteen digits", "378282246310005", "[card]"],
    ["a card behind a number", "2 4111-1111-1111-1111", "2 [card]"],
    ["a full-width card", "４１１１　１１１１　１１１１　１１１１です", "[card]です"],
    ["two cards", "4111111111111111 5500000000000004", "[card] [card]"],
    ["an IBAN in groups before words", "DE89 3704 0044 0532 0130 00 and more", "[iban] and more"],
    ["an IBAN in one", "to GB82WEST12345698765432!", "to [iban]!"],
    ["a small IBAN", "iban:de89370400440532013000", "iban:[iban]"],
    ["a phone with a country", "+49 (0)30 1234567", "[phone]"],
    ["a phone of a city", "ring 030/1234567 please", "ring [phone] please"],
    ["a phone in groups", "call 555-123-4567", "call [phone]"],
    ["a full-width phone", "電話は０９０－１２３４－５６７８です", "電話は[phone]です"],
    ["a phone in Arabic digits", "٠١٢٣٤٥٦٧٨٩", "[phone]"],
    ["a social security number", "ssn 123-45-6789", "ssn [id]"],
    ["an order", "where is MF-204518?", "where is [id]?"],
    ["a UUID", "550e8400-e29b-41d4-a716-446655440000", "[id]"],
    ["a passport", "passport C01X00T47", "passport [id]"],
    ["a long number", "customer 1234567", "customer [id]"],
    ["a key", "use sk-abcdefghijklmnop", "use [secret]"],
    ["a bearer token", "Authorization: Bearer abc.def-ghi", "Authorization: [secret]"],
  ])("hides %s", (_what, text, masked) => {
    expect(maskedText(text)).toBe(masked);
  });

  it.each([
    "How much is delivery for 3 items in 2024?",
    "gpt-4o-mini and mp3 and H2O, covid19, the 2nd of May",
    "送料はいくらですか",
    "12345 Berlin, floor 4, room 17",
    "@team look at this",
    "",
  ])("leaves alone: %s", (text) => {
    expect(maskedText(text)).toBe(text);
  });

  it("shows a number that fails its checksum as a number, not as what it is not", () => {
    expect(maskedText("4111 1111 1111 1112")).toBe("[id]");
    expect(maskedText("378282246310006")).toBe("[id]");
  });
});

const word = fc.constantFrom(
  "please",
  "help",
  "with",
  "my",
  "order",
  "注文",
  "は",
  "it's",
  "—",
  "!",
);
const around = fc.array(word, { maxLength: 6 }).map((words) => words.join(" "));
const digits = (count: number): fc.Arbitrary<string> =>
  fc.string({
    unit: fc.constantFrom(..."0123456789".split("")),
    minLength: count,
    maxLength: count,
  });

function luhnDigit(digitsBefore: string): string {
  for (const last of "0123456789") {
    const sum = `${digitsBefore}${last}`
      .split("")
      .toReversed()
      .reduce((total, digit, at) => {
        const value = Number(digit) * (at % 2 === 0 ? 1 : 2);
        return total + (value > 9 ? value - 9 : value);
      }, 0);
    if (sum % 10 === 0) return last;
  }
  return "";
}

function ibanOf(country: string, account: string): string {
  const numbers = `${account}${country}00`
    .split("")
    .map((sign) => Number.parseInt(sign, 36))
    .join("");
  const check = 98n - (BigInt(numbers) % 97n);
  return `${country}${String(check).padStart(2, "0")}${account}`;
}

/** The text in groups of `size` with a separator between. */
function grouped(text: string, size: number, separator: string): string {
  return (text.match(new RegExp(`.{1,${size}}`, "gu")) ?? []).join(separator);
}

const cards = fc
  .tuple(
    fc.integer({ min: 12, max: 18 }).chain(digits),
    fc.constantFrom("", " ", "-", ".", " - ".trim()),
  )
  .map(([before, separator]) => grouped(`${before}${luhnDigit(before)}`, 4, separator));

const account = fc.string({
  unit: fc.constantFrom(..."0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ".split("")),
  minLength: 11,
  maxLength: 30,
});
const ibans = fc
  .tuple(fc.constantFrom("DE", "GB", "FR", "NO", "MT"), account, fc.constantFrom("", " ", "-"))
  .map(([country, number, separator]) => grouped(ibanOf(country, number), 4, separator));

const emails = fc.emailAddress({ size: "small" });
const phones = fc
  .tuple(fc.constantFrom("+", "0", "+1 ", "(0"), digits(9), fc.constantFrom("", " ", "-", "."))
  .map(([start, number, separator]) => `${start}${grouped(number, 3, separator)}`);

function fullWidth(text: string): string {
  return text.replaceAll(/[!-~]/g, (sign) => String.fromCharCode(sign.charCodeAt(0) + 0xfe_e0));
}

describe("whatever stands around it", () => {
  const kinds = [
    ["a card", cards],
    ["an IBAN", ibans],
    ["an address", emails],
    ["a phone", phones],
  ] as const;

  it.each(kinds)("%s leaves no more than four of its digits behind", (_kind, arbitrary) => {
    fc.assert(
      fc.property(around, arbitrary, around, fc.boolean(), (before, secret, after, isWide) => {
        const written = isWide ? fullWidth(secret) : secret;
        const masked = maskedText(`${before} ${written} ${after}`);
        expect(masked).not.toContain(written);
        expect(masked.normalize("NFKC").replaceAll(/\D/g, "").length).toBeLessThanOrEqual(4);
        expect(masked.startsWith(before)).toBe(true);
      }),
      { numRuns: 500 },
    );
  });

  it("an address leaves neither its name nor its place behind", () => {
    fc.assert(
      fc.property(around, emails, (before, email) => {
        const [name = "", place = ""] = email.split("@");
        const masked = maskedText(`${before} ${email}`).slice(before.length);
        expect(masked).not.toContain(`${name}@`);
        expect(masked).not.toContain(`@${place}`);
        expect(masked).toContain("[");
      }),
      { numRuns: 500 },
    );
  });

  it("a text without digits and signs of addresses stays as it is", () => {
    const plain = fc.string({ unit: "grapheme" }).filter((text) => !/[\p{N}@＠:/]/u.test(text));
    fc.assert(
      fc.property(plain, (text) => {
        fc.pre(!/bearer|basic|eyJ|key|sk|pk|rk|xox|gh[pousr]/i.test(text));
        expect(maskedText(text)).toBe(text);
      }),
    );
  });

  it("masking once is enough", () => {
    const parts = fc.array(fc.oneof(cards, ibans, emails, phones, word), { maxLength: 6 });
    fc.assert(
      fc.property(parts, (words) => {
        const once = maskedText(words.join(" "));
        expect(maskedText(once)).toBe(once);
      }),
    );
  });
});

describe("kept content", () => {
  it("is cut to its bound, with a mark, and never within a sign", () => {
    expect(maskedContent("short", 10)).toBe("short");
    expect(maskedContent("abcdefghijkl", 10)).toBe("abcdefghij…");
    expect(maskedContent("😀".repeat(10), 5)).toBe("😀😀\ufffd…");
    expect(maskedContent("x".repeat(1_000_000), 500)).toHaveLength(501);
  });

  it("is masked before it is cut: what the cut would halve does not show by half", () => {
    fc.assert(
      fc.property(
        fc.oneof(cards, ibans, emails, phones),
        fc.integer({ min: 0, max: 600 }),
        (secret, at) => {
          const text = `${"ab ".repeat(at)}${secret} ${"cd ".repeat(400)}`;
          const kept = maskedContent(text, 100);
          expect(kept.length).toBeLessThanOrEqual(101);
          const tail = kept.replaceAll(/\[\w+\]/g, "").replaceAll(/ab |cd |…/g, "");
          expect(tail.replaceAll(/\D/g, "").length).toBeLessThanOrEqual(4);
          expect(tail).not.toContain("@");
        },
      ),
      { numRuns: 500 },
    );
  });

  it("costs time linear in what is looked at, whatever the text", () => {
    for (const piece of [
      "1 ",
      "1",
      "a@",
      "A1",
      "DE89 ",
      "+1 ",
      "a.",
      "(1",
      "sk-",
      "eyJa.",
      "://",
      "?key=",
    ]) {
      expect(maskedContent(piece.repeat(500_000), 4000).length).toBeLessThanOrEqual(4001);
    }
  });
});
