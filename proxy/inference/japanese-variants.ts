/** Japanese spelling to one form: widths, kana and kanji of common words, okurigana, honorifics, numbers, courtesies; used by japanese-line.ts. */

/** Before or after a question, and without bearing on it. */
const opening =
  /^(?:(?:(?:いつも)?お世話に(?:なっております|なってます|なります)|こんにち[はわ]|こんばん[はわ]|おはよう(?:ございます)?|はじめまして|初めまして|お疲れ様です|もしもし|すみませんが?|すいませんが?|恐れ入りますが?|恐縮ですが|失礼(?:します|いたします|致します|ですが)|お手数(?:です|をおかけします|おかけします|をお掛けします)が|お忙しいところ(?:すみません|恐れ入ります)が?|申し訳(?:ありません|ございません)が?|(?:ちょっと|少し|一つ|ひとつ)?(?:質問|お尋ね|お伺い|お聞き)(?:です|します|いたします|なのですが|なんですが|があります|があるのですが|したいのですが|したいことがあります)|(?:ちょっと|少し)?(?:教えて(?:ほしい|欲しい|いただきたい|頂きたい|もらいたい)(?:の|ん)ですが)|あの[ーう]*|え[ーえ]*っ?と)[、。,.!?…・\s]+)+/u;
/** The same without a mark behind it, where nothing else can be meant. */
const openingUnmarked =
  /^(?:(?:いつも)?お世話になっております|こんにちは|こんばんは|おはようございます|はじめまして|初めまして|すみませんが|恐れ入りますが|お手数ですが|恐縮ですが)(?=\S)/u;
const closing =
  /(?<=[、。,.!?…\s]|か|ください|です|が|ます|たい|けど)[、。,.!?…\s]*(?:(?:どうぞ)?(?:よろしく|宜しく)(?:お願い(?:します|いたします|致します))?|お願い(?:します|いたします|致します)|(?:どうも)?ありがとうございます|助かります|すみません)[。.!…\s]*$/u;

type Rewrite = readonly [RegExp, string];

/** Okurigana and kana that many leave out or write otherwise. */
const spellings: readonly Rewrite[] = [
  [/申し?込み|もうしこみ/gu, "申込"],
  [/支払い|しはらい/gu, "支払"],
  [/受け?取り|うけとり/gu, "受取"],
  [/取り?消し|とりけし/gu, "取消"],
  [/問い?合わ?せ|といあわせ/gu, "問合"],
  [/払い?戻し|はらいもどし/gu, "払戻"],
  [/引き?落とし|ひきおとし/gu, "引落"],
  [/振り?込み|ふりこみ/gu, "振込"],
  [/買い?物|かいもの/gu, "買物"],
  [/受け取(?=[れるっろ])/gu, "受取"],
  [/申し込(?=[めむん])/gu, "申込"],
  [/取り消(?=[せすさ])/gu, "取消"],
  [/払い戻(?=[せすさ])/gu, "払戻"],
  [/振り込(?=[めむん])/gu, "振込"],
  [/手続き|てつづき/gu, "手続"],
  [/締め?切り|しめきり/gu, "締切"],
  [/見積も?り|みつもり/gu, "見積"],
  [/取り?扱い/gu, "取扱"],
  [/切り?替え/gu, "切替"],
  [/受け?付け|うけつけ/gu, "受付"],
  [/引き?換え/gu, "引換"],
  [/取り?寄せ/gu, "取寄"],
  [/出来/gu, "でき"],
  [/下さ/gu, "くださ"],
  [/頂(?=[きくけこい])/gu, "いただ"],
  [/いただ(?:い)?(?=[けき])/gu, "いただ"],
  [/致し/gu, "いたし"],
  [/有り(?=ま)/gu, "あり"],
  [/無い/gu, "ない"],
  [/無し/gu, "なし"],
  [/欲し/gu, "ほし"],
  [/良い/gu, "よい"],
  [/何処/gu, "どこ"],
  [/何故/gu, "なぜ"],
  [/幾ら/gu, "いくら"],
  [/未だ/gu, "まだ"],
  [/全て/gu, "すべて"],
  [/貰/gu, "もら"],
  [/(?<=[るたい])事/gu, "こと"],
  [/の為/gu, "のため"],
  [/わたくし|わたし|あたし/gu, "私"],
  [/とど(?=[きいかけく])/gu, "届"],
  [/つか(?=[えいうわ][まるたてな])/gu, "使"],
  [/かえ(?=[しせ][まるたて])/gu, "返"],
  [/おく(?=[りる](?:ま|に|の|と))/gu, "送"],
  [/ちゅうもん/gu, "注文"],
  [/へんぴん/gu, "返品"],
  [/へんきん/gu, "返金"],
  [/はいそう/gu, "配送"],
  [/はいたつ/gu, "配達"],
  [/そうりょう/gu, "送料"],
  [/りょうしゅうしょ/gu, "領収書"],
  [/えいぎょう/gu, "営業"],
  [/てんぽ/gu, "店舗"],
  [/しょうひん/gu, "商品"],
  [/きゃんせる/gu, "キャンセル"],
  [/ぱすわーど/gu, "パスワード"],
  [/e-?メール|電子メール/gu, "メール"],
  [/お(?=\p{Script=Han})(?!お[金湯茶酒])/gu, ""],
  [/[ご御](?=\p{Script=Han}{2})/gu, ""],
  // A long final vowel is written or not: プリンター, プリンタ.
  [/(?<=[\p{Script=Katakana}ー]{3})ー(?![\p{Script=Katakana}ー])/gu, ""],
];

/** One spelling of a Japanese text: NFKC, lower case, no courtesies around it, common words in one form. */
export function spelled(text: string): string {
  const flat = text.normalize("NFKC").toLowerCase().trim();
  const bare = withoutCourtesies(flat);
  const plain = /[\p{L}\p{N}]/u.test(bare) ? bare : flat;
  const one = spellings.reduce((rest, [pattern, form]) => rest.replaceAll(pattern, form), plain);
  return withDigits(one);
}

function withoutCourtesies(text: string): string {
  const rest = text.replace(opening, "").replace(openingUnmarked, "");
  return rest.replace(closing, "").replace(closing, "");
}

const kanjiDigits = "〇一二三四五六七八九";
const powers: ReadonlyMap<string, number> = new Map([
  ["十", 10],
  ["百", 100],
  ["千", 1000],
]);
const counters = "つ個人日月年回枚本円時分週歳台点ヶかカ箱足着冊割営";
const kanjiNumber = new RegExp(`[一二三四五六七八九十百千〇]+(?=[${counters}])`, "gu");
const nativeNumbers: readonly Rewrite[] = [
  [/ひとつ/gu, "1つ"],
  [/ふたつ/gu, "2つ"],
  [/みっつ/gu, "3つ"],
  [/ひとり(?=[でのは])/gu, "1人"],
  [/ふたり/gu, "2人"],
];

/** Numbers as digits: 三十日 is 30日, 1,000円 is 1000円. */
function withDigits(text: string): string {
  const native = nativeNumbers.reduce((rest, [word, form]) => rest.replaceAll(word, form), text);
  return native
    .replaceAll(/(?<=\d),(?=\d{3})/gu, "")
    .replaceAll(kanjiNumber, (word) => String(valueOf(word)));
}

function valueOf(word: string): number {
  let sum = 0;
  let digits = "";
  for (const character of word) {
    const power = powers.get(character);
    if (power === undefined) {
      digits += String(kanjiDigits.indexOf(character));
    } else {
      sum += power * (digits === "" ? 1 : Number(digits));
      digits = "";
    }
  }
  return sum + (digits === "" ? 0 : Number(digits));
}
