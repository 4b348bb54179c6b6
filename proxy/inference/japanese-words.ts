/** Japanese words and patterns that the pair guard compares; NFKC-normalised text. */

/** Requests in negative form are courtesies, no negations. */
export const politeNegation: RegExp =
  /(?:いただけ|頂け|もらえ|貰え|くれ|ください|下さい|でき|出来|あり)ませんか|じゃないですか|ではないですか|すみません|申し訳ありません/gu;

export const negation: RegExp =
  /ません|ない|なかった|なくて|なし|無し|無い|ず(?:に|、|$)|不可|未(?:着|払|登録|使用|達)/u;

/** Pairs that exclude each other. */
export const oppositePairs: readonly (readonly [RegExp, RegExp])[] = [
  [/追加|加え/u, /削除|消去|外し|除外/u],
  [/開設|作成|新規登録|入会/u, /解約|閉鎖|退会|削除/u],
  [/有効/u, /無効/u],
  [/オン(?!ライン)/u, /オフ/u],
  [/増/u, /減/u],
  [/上げ|上が/u, /下げ|下が/u],
  [/購入|買/u, /返品|売/u],
  [/前/u, /後/u],
  [/送(?:る|り|っ|金|信)/u, /受(?:け|取|信)|届/u],
  [/入金/u, /出金|引き出/u],
  [/ログイン/u, /ログアウト/u],
  [/開始|始め/u, /停止|終了|止め|中止|キャンセル|取消|取り消/u],
  [/国内/u, /海外|国際|国外/u],
  [/最大|最高|上限/u, /最小|最低|下限/u],
  [/最初/u, /最後/u],
  [/高い|高く/u, /安い|安く/u],
  [/ロック(?!解除)|停止/u, /解除|再開/u],
  [/無料/u, /有料/u],
  [/返金/u, /請求/u],
];

export const scopePatterns: readonly (readonly [string, RegExp])[] = [
  ["all", /全部|全て|すべて|全員|全額|毎/u],
  ["only", /(?<!いた)だけ|のみ(?!もの)|しか(?!し)/u],
  ["always", /いつも|常に/u],
  ["never", /決して|絶対に/u],
  ["both", /両方|どちらも/u],
  ["except", /以外|除い/u],
];

export const datePattern: RegExp =
  /[月火水木金土日]曜日?|今日|本日|明日|昨日|今週|来週|先週|今月|来月|先月|今年|来年|去年|週末|平日|祝日|午前|午後|朝|夜|\d+月|\d+日/gu;

export const personal: RegExp = /(?:私|僕|俺|わたし|自分)の|注文番号|お客様番号|会員番号/u;

/** Digits as kanji before a counter. */
export const kanjiNumber: RegExp =
  /[一二三四五六七八九十百千万]+(?=[つ個人日月年回枚本円時分週歳台点])/gu;

/** Endings and courtesies that a question may have or lack. */
export const fillers: RegExp =
  /教えて(?:ください|下さい|ほしい|欲しい)?|(?:お願い|おねがい)(?:します|いたします|致します)?|ください|下さい|(?:です|ます)(?:か|が|けど)?|でしょうか|(?:こんにちは|こんばんは|おはよう(?:ございます)?|すみません|ありがとう(?:ございます)?)|知りたい|について|方法|どう(?:すれば|したら|やって)(?:いい|よい|良い)?/gu;
