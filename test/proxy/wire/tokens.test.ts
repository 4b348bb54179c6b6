/** The token estimate against counts of OpenAI's o200k vocabulary, and its bounds. */
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { viewOf } from "../../support/builders.ts";
import { estimateInputTokens, estimateTokens } from "../../../proxy/wire/tokens.ts";

/** [tokens by o200k_base, text] */
const counted: [number, string][] = [
  [19, "Where is my order? It should have arrived on Tuesday, and nobody has told me anything."],
  [
    26,
    "Refunds take five working days. Please keep the confirmation number #A-20931 until the money is back on your account.",
  ],
  [
    26,
    'def total(prices):\n    """Sum of all prices."""\n    return sum(price for price in prices if price > 0)\n',
  ],
  [29, '{"label":"positive","score":0.93,"items":[1,2,3],"nested":{"a":null,"b":true}}'],
  [
    19,
    "Wie kann ich mein Passwort zurücksetzen? Ich habe keinen Zugriff mehr auf meine E-Mail-Adresse.",
  ],
  [
    20,
    "Bonjour, je voudrais savoir où en est ma commande, car elle devait être livrée mardi dernier.",
  ],
  [
    32,
    "こんにちは。ご用件をどうぞ。返金は五営業日以内に処理されます。注文番号を教えていただけますか？",
  ],
  [25, "您好，请问有什么可以帮您？退款将在五个工作日内处理完毕。请提供您的订单号。"],
  [27, "안녕하세요. 무엇을 도와드릴까요? 환불은 영업일 기준 5일 이내에 처리됩니다."],
  [17, "Здравствуйте! Чем я могу вам помочь? Возврат средств занимает пять рабочих дней."],
  [21, "مرحبا، كيف يمكنني مساعدتك؟ تستغرق عملية استرداد الأموال خمسة أيام عمل."],
  [9, "👍🎉 Great, thanks!! 😀🙏"],
];

describe("estimateTokens", () => {
  it.each(counted)("is within a third of the vocabulary's %i", (tokens, text) => {
    expect(estimateTokens(text)).toBeGreaterThanOrEqual(Math.floor(tokens / 1.34));
    expect(estimateTokens(text)).toBeLessThanOrEqual(Math.ceil(tokens * 1.34));
  });

  it("is within a tenth over all of them", () => {
    const sum = counted.reduce((total, [tokens]) => total + tokens, 0);
    const estimate = counted.reduce((total, [, text]) => total + estimateTokens(text), 0);
    expect(Math.abs(estimate / sum - 1)).toBeLessThan(0.1);
  });

  it("is nothing for nothing, and at least one for any visible text", () => {
    expect([estimateTokens(""), estimateTokens(" ")]).toEqual([0, 0]);
    fc.assert(
      fc.property(fc.string({ unit: "grapheme", minLength: 1 }), (text) => {
        expect(estimateTokens(`a${text}`)).toBeGreaterThanOrEqual(1);
        expect(estimateTokens(text)).toBeLessThanOrEqual(text.length + 1);
      }),
    );
  });

  it("counts a text of plain letters as it would beside others, though it takes a shorter way", () => {
    const text = fc.string({ unit: "binary-ascii", maxLength: 400 });
    const words = fc.array(
      fc.constantFrom("order", "3400", " ", "\n\n", "://", "extraordinarily", "\t ", "#"),
    );
    fc.assert(
      fc.property(
        fc.oneof(
          text,
          words.map((parts) => parts.join("")),
        ),
        (plain) => {
          // One word of a letter that the short way does not know, which is one token.
          expect(estimateTokens(`${plain} é`)).toBe(estimateTokens(plain) + 1);
        },
      ),
    );
  });

  it("counts the system prompt and every turn of a call, with what chat templates add", () => {
    const turns = [
      { role: "user", text: "one two" },
      { role: "assistant", text: "three" },
    ] as const;
    expect(estimateInputTokens(viewOf("", { system: "four five six", turns }))).toBe(6 + 3 * 4 + 3);
    expect(estimateInputTokens(viewOf("one"))).toBe(1 + 4 + 3);
  });
});
