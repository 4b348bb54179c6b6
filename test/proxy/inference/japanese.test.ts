/** Japanese by characters: which texts say the same, which must not be taken for each other, and what a policy makes of them. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { CharacterMatcher } from "../../../proxy/inference/character-matcher.ts";
import { lineObjection } from "../../../proxy/inference/guard-japanese.ts";
import { readJapanese } from "../../../proxy/inference/japanese-line.ts";

const lineOf = (text: string): string => readJapanese(text).line;
const objection = (one: string, other: string) =>
  lineObjection(readJapanese(one), readJapanese(other));

describe("the same question", () => {
  test.each([
    ["返品できますか", "すみません、返品できますか？"],
    ["返品できますか", "返品できるでしょうか。よろしくお願いします。"],
    ["返品できますか", "返品は可能ですか😊"],
    ["返品できますか", "返品できませんか"],
    ["営業時間を教えてください", "営業時間は？"],
    [
      "営業時間を教えてください",
      "お世話になっております。営業時間を教えていただけますでしょうか。",
    ],
    ["返品の方法を教えてください", "返品方法は何ですか"],
    ["返品の方法を教えてください", "返品の仕方を教えてほしいです"],
    ["注文をキャンセルしたい", "ご注文をｷｬﾝｾﾙしたいのですが…"],
    ["どの支払い方法が使えますか", "どのお支払方法が使えますか"],
    ["プリンターは30日以内に返品できますか", "ﾌﾟﾘﾝﾀは３０日以内に返品出来ますか"],
    ["三十日以内に返品できますか", "30日以内に返品できますか"],
    ["商品が届きません", "しょうひんがとどきません"],
    ["全ての商品", "すべての商品"],
    ["配送には何日かかりますか", "配送は何日かかりますか"],
    ["PayPalは使えますか", "paypal は使えますか"],
  ])("%s = %s", (one, other) => {
    expect(lineOf(other)).toBe(lineOf(one));
    expect(lineOf(one)).not.toBe("");
  });
});

describe("another question", () => {
  test.each([
    ["negation", "注文が届きました", "注文が届きませんでした"],
    ["negation", "カードを使いたい", "カードを使いたくない"],
    ["negation", "レシートがあれば返品できますか", "レシートがなければ返品できますか"],
    ["negation", "説明書を読んで使う", "説明書を読まずに使う"],
    ["question", "返品は必要ですか", "返品は可能ですか"],
    ["question", "商品を受け取りました", "商品を受け取ります"],
    ["question", "無料でした", "無料です"],
    ["direction", "注文をキャンセルしてください", "注文をキャンセルできますか"],
    ["question", "いつ届きますか", "どこに届きますか"],
    ["negation", "返品しなければなりませんか", "返品してもいいですか"],
    ["question", "このカードは使えますか", "カードは使えますか"],
    ["direction", "いつから使えますか", "いつまで使えますか"],
    ["direction", "友達に送りますか", "友達から送りますか"],
    ["direction", "友達を招待する", "友達が招待する"],
    ["direction", "誰が払いますか", "誰に払いますか"],
    ["direction", "注文がキャンセルされました", "注文をキャンセルしました"],
    ["scope", "会員だけ買えますか", "会員は買えますか"],
    ["scope", "一部だけ返品できますか", "一部を返品できますか"],
    ["entity", "子どもは使えますか", "おとなは使えますか"],
    ["entity", "りんごは返品できますか", "みかんは返品できますか"],
    ["entity", "はなは返品できますか", "返品できますか"],
    ["entity", "東京から大阪に送れますか", "大阪から東京に送れますか"],
    ["entity", "友達に送られました", "友達に送りました"],
    ["entity", "荷物が届くか知りたい", "荷物が届けるか知りたい"],
    ["entity", "カードは使えますか", "カードは使いますか"],
    ["entity", "注文MF-204518はどこですか", "注文MF-204519はどこですか"],
    ["entity", "1.5kgまで送れますか", "15kgまで送れますか"],
    ["antonym", "値段が上がる", "値段が下がる"],
    ["antonym", "国内発送はできますか", "海外発送はできますか"],
    ["antonym", "送料は無料ですか", "送料は有料ですか"],
    ["date", "月曜日も営業していますか", "日曜日も営業していますか"],
    ["entity", "二つ買うと割引がありますか", "3つ買うと割引がありますか"],
    ["personal", "私の荷物はどこですか", "荷物はどこですか"],
  ] as const)("%s: %s / %s", (kind, one, other) => {
    expect(lineOf(one)).not.toBe(lineOf(other));
    expect([objection(one, other) ?? objection(other, one)]).toMatchObject([{}]);
    const kinds = [objection(one, other)?.kind, objection(other, one)?.kind];
    expect(kinds).toContain(kind);
  });

  test("is told from both sides but for what is personal", () => {
    expect(objection("荷物はどこですか", "私の荷物はどこですか")).not.toBeNull();
    expect(objection("返金がまだ届いていません", "返金がまだ届きません")).toBeNull();
  });
});

test("any text is read, and one character more of the topic makes it another", () => {
  const letters = fc.constantFrom(
    ...Array.from("返品届注文をはがにのできますかないたい。、？カメラー30日aZ "),
  );
  fc.assert(
    fc.property(fc.array(letters, { maxLength: 60 }), (signs) => {
      const text = signs.join("");
      expect(lineOf(`${text}鯨`)).not.toBe(lineOf(text));
    }),
  );
  fc.assert(
    fc.property(fc.string({ unit: "binary" }), (text) => {
      const { line, topic } = readJapanese(text);
      expect(objection(text, text)).toBeNull();
      expect(line.length >= topic.length).toBe(true);
    }),
  );
});

test("a long text is no question, however long", () => {
  expect(lineOf("返品できますか".repeat(60))).toBe("");
  expect(lineOf("は".repeat(100_000))).toBe("");
});

describe("a matcher", () => {
  const matcher = new CharacterMatcher([
    ["返品の方法を教えてください", "返品するにはどうすればいいですか"],
    ["返金はできますか", "送料"],
    ["返金がまだ届きません"],
    ["送料"],
  ]);

  test("is certain of a sentence but for spelling, politeness and small words", () => {
    expect(matcher.match("すみません、返品方法を教えて下さい！")).toMatchObject({
      best: 0,
      sentence: 0,
      isExact: true,
      objection: null,
    });
  });

  test("measures what is near, and the guard has its say over all sentences of the class", () => {
    const near = matcher.match("返金がまだ届いていないのですが");
    expect(near).toMatchObject({ best: 2, isExact: false, objection: null });
    expect(near?.similarity).toBeGreaterThan(0.5);
    expect(near?.margin).toBeGreaterThan(0.3);
    expect(matcher.match("返金が届きました")?.objection).not.toBeNull();
  });

  test("is certain of nothing that two classes say", () => {
    expect(matcher.match("送料を教えてください")?.isExact).toBe(false);
  });

  test("abstains from what may be Chinese, unless it is a sentence word for word", () => {
    expect(matcher.match("返品流程")).toBeNull();
    expect(matcher.match("返品方法")).toMatchObject({ best: 0, isExact: true });
  });

  test("has nothing to say of a text that shares nothing", () => {
    expect(matcher.match("天気は")).toBeNull();
    expect(new CharacterMatcher([]).match("返品できますか")).toBeNull();
    expect(matcher.match("？？")).toBeNull();
  });
});
