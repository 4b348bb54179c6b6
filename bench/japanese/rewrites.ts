/** Ways to write the same Japanese question: politeness, punctuation, width, kana and kanji, particles; shared by the calibration and the swaps. */
import type { Draw } from "../intents/noise.ts";

/** Rewrites a question; the same text where it does not apply. */
export type Rewrite = (text: string, draw: Draw) => string;

const variants: readonly (readonly [string, string])[] = [
  ["でき", "出来"],
  ["ください", "下さい"],
  ["注文", "ご注文"],
  ["届", "とど"],
  ["送料", "そうりょう"],
  ["支払い", "支払"],
  ["受け取", "受取"],
  ["商品", "しょうひん"],
  ["返品", "へんぴん"],
  ["すべて", "全て"],
  ["いくら", "幾ら"],
  ["どこ", "何処"],
];

/** By kind. None of them changes what is asked. */
export const rewrites: Readonly<Record<string, Rewrite>> = {
  punctuation: (text, draw) =>
    `${text}${draw.one(["？", "?", "。", "！", "…", "？？", "😊", " "])}`,
  politeness: (text, draw) =>
    draw.one([
      `すみません、${text}`,
      `こんにちは。${text}`,
      `お世話になっております。${text}`,
      `恐れ入りますが、${text}`,
      `${text}。よろしくお願いします。`,
      `${text}。ありがとうございます。`,
      `質問です。${text}`,
    ]),
  width: (text, draw) => (draw.share() < 0.5 ? narrow(text) : wide(text)),
  spelling: (text, draw) => {
    const fitting = variants.filter(([from]) => text.includes(from));
    if (fitting.length === 0) return text;
    const [from, to] = draw.one(fitting);
    return text.replace(from, to);
  },
  ending: (text, draw) => {
    if (text.endsWith("ますか"))
      return `${text.slice(0, -1)}${draw.one(["でしょうか", "", "かね", "かな", "か？"])}`;
    if (text.endsWith("ですか"))
      return `${text.slice(0, -3)}${draw.one(["でしょうか", "", "ですかね"])}`;
    if (text.endsWith("たい"))
      return `${text}${draw.one(["です", "のですが", "んですが", "んですけど"])}`;
    if (text.endsWith("教えてください")) {
      return `${text.slice(0, -4)}${draw.one(["", "ほしいです", "いただけますか", "もらえますか", "くれませんか"])}`;
    }
    return `${text}${draw.one(["か", "。", "？"])}`;
  },
};

const wideness = 0xfee0;

/** ASCII letters and digits in full width. */
function wide(text: string): string {
  return text.replaceAll(/[0-9A-Za-z]/gu, (sign) =>
    String.fromCodePoint((sign.codePointAt(0) ?? 0) + wideness),
  );
}

const halfWidth: ReadonlyMap<string, string> = new Map(
  Array.from({ length: 0xff9f - 0xff66 + 1 }, (_, at) => String.fromCodePoint(0xff66 + at)).flatMap(
    (half) =>
      ["", "ﾞ", "ﾟ"].flatMap((mark) => {
        const full = `${half}${mark}`.normalize("NFKC");
        return full.length === 1 ? [[full, `${half}${mark}`] as const] : [];
      }),
  ),
);

/** Katakana in half width. */
function narrow(text: string): string {
  return Array.from(text, (sign) => halfWidth.get(sign) ?? sign).join("");
}
