/** Japanese particles, endings and small words with what they mean, for japanese-line.ts: "" says nothing that changes an answer. */

/** What a word may stand beside. */
export type Kind = "particle" | "ending" | "word" | "verb" | "final";

/** A small word and its meaning: capitals for what is compared, empty for what is not. */
export interface SmallWord {
  readonly kind: Kind;
  readonly meaning: readonly string[];
}

/** One particle at most stands between two words, so that a word made of their letters is none. */
const particles: readonly (readonly [string, string])[] = [
  ["は の って には についての に関する における", ""],
  ["が", "GA"],
  ["を", "WO"],
  ["に へ への", "NI"],
  ["で では での", "DE"],
  ["と との とは", "TO"],
  ["も にも でも とも", "ALSO"],
  ["や とか", "AND"],
  ["から からの からは からも", "FROM"],
  ["まで までの までは までに までには", "UNTIL"],
  ["より よりも", "THAN"],
  ["だけ だけの だけは だけを だけで だけが だけでも のみ のみの のみを のみで しか", "ONLY"],
  ["ごとに ごとの", "EACH"],
  ["ずつ", "EACH"],
  ["なら ならば だったら", "IF"],
  ["として", "AS"],
  ["など などの などは などを などが", ""],
  ["について に関して につきまして についてですが", ""],
  ["ほど くらい ぐらい", "ABOUT"],
];

/** After a noun or a verb's stem; several may follow each other. */
const endings: readonly (readonly [string, string])[] = [
  ["です だ である でしょう ですよ ですよね なのです なんです なの", ""],
  ["ます", "U"],
  ["ました でした だった", "PAST"],
  ["た", "PAST"],
  ["ません ない なく ず", "NOT"],
  ["ませんでした なかった", "NOT PAST"],
  ["たい たく", "WANT"],
  ["ています ている てます てる ております ており", "ING"],
  ["ていません ていない てません てない ておりません", "ING NOT"],
  ["ていました ていた てました てた", "ING PAST"],
  ["てしまいました てしまった ちゃった ちゃいました", "DONE PAST"],
  ["て", "TE"],
  ["てください", "PLEASE"],
  ["てもいい てもよい てもかまわない てもよろしい てよい ていい", "MAY"],
  [
    "なければならない なければなりません なければいけません ないといけません ないといけない なきゃいけない なくてはいけません なくてはなりません ないとだめ",
    "MUST",
  ],
  ["なくてもいい なくてもよい", "NEEDNOT"],
  ["たら れば ば", "IF"],
  ["なければ なかったら", "NOT IF"],
  ["する します", "SURU U"],
  ["した しました", "SURU PAST"],
  ["したい したく", "SURU WANT"],
  ["したら すれば すると", "SURU IF"],
  ["して", "SURU TE"],
  ["してください をおねがいします おねがいします をおねがいいたします", "PLEASE"],
  ["しない しません", "SURU NOT"],
  ["しなかった しませんでした", "SURU NOT PAST"],
  ["している しています してる してます しております", "SURU ING"],
  ["していない していません してない しておりません", "SURU ING NOT"],
  ["していました していた", "SURU ING PAST"],
  ["してしまいました してしまった しちゃった", "SURU DONE PAST"],
  ["される されます", "SARE U"],
  ["された されました", "SARE PAST"],
  ["されない されません", "SARE NOT"],
  ["されている されています", "SARE ING"],
  ["されていない されていません", "SARE ING NOT"],
  ["されていた されていました", "SARE ING PAST"],
  ["できる できます かのう かのうな", "CAN"],
  ["できない できません", "CAN NOT"],
  ["できた できました", "CAN PAST"],
  ["できなかった できませんでした", "CAN NOT PAST"],
  ["できるよう", "CAN"],
  [
    "しなければならない しなければなりません しなければいけません しないといけません しないといけない するひつようがある するひつようがあります ひつよう ひつような しなきゃいけない しなくてはいけません",
    "MUST",
  ],
  ["してもいい してもよい してもよろしい しても大丈夫 してもかまわない しても構いません", "MAY"],
  ["しなくてもいい しなくてもよい", "NEEDNOT"],
  ["してもらえる してもらえます していただける していただけます してくれる してくれます", "FAVOUR"],
  ["てもらえる てもらえます ていただける ていただけます てくれる てくれます", "FAVOUR"],
  ["すべき べき", "SHOULD"],
];

/** At a clause's end: they ask, soften, or lead over to a question that is left out. */
const finals: readonly (readonly [string, string])[] = [
  [
    "か かな かしら でしょうか ですか ですかね でしょうかね のか のでしょうか のですか んですか の ね よ よね",
    "",
  ],
  [
    "が けど けれど けども ですが ですけど のですが んですが のですけど んですけど のだが んだけど のだけど のですけれど んですけれど なのですが なんですが",
    "",
  ],
  ["ましょうか", "U"],
  [
    "おしえて おしえてください おしえてほしい おしえてほしいです おしえていただけますか おしえていただけませんか おしえてもらえますか おしえてくれますか おしえてくれませんか おしえてもらえませんか おしえてくださいませ",
    "",
  ],
  [
    "しりたい しりたいです しりたいのですが しりたいんですが ききたい ききたいです ききたいのですが おききしたいです かくにんしたいです かくにんしたいのですが",
    "",
  ],
  [
    "をおしえて をおしえてください をおしえてほしい をおしえてほしいです をおしえていただけますか をおしえていただけませんか をおしえてもらえますか をおしえてもらえませんか をおしえてくれますか をおしえてくれませんか",
    "",
  ],
  [
    "をしりたい をしりたいです をしりたいのですが をしりたいんですが がしりたい がしりたいです がしりたいのですが がしりたいんですが",
    "",
  ],
  [
    "についておしえて についておしえてください についてしりたい についてしりたいです についてしりたいのですが についておしえていただけますか",
    "",
  ],
  ["ください くださいませ", "PLEASE"],
  ["とありますか", ""],
];

/** Words of their own that are written in kana. */
const words: readonly (readonly [string, string])[] = [
  ["いつ いつごろ", "WHEN"],
  ["どこ どこの どちら", "WHERE"],
  ["だれ どなた", "WHO"],
  ["なぜ どうして なんで", "WHY"],
  ["いくら おいくら", "HOWMUCH"],
  ["いくつ", "HOWMANY"],
  ["どのくらい どれくらい どのぐらい どれぐらい どれほど", "HOWLONG"],
  [
    "どう どうやって どうすれば どうしたら どのように どうやったら どうするの どうする どうします どうしましょう",
    "HOW",
  ],
  [
    "どうすればいい どうしたらいい どうすればよい どうしたらよい どうしたらいいです どうやればいい",
    "HOW",
  ],
  ["ほうほう", "HOW"],
  ["どの どれ どんな どういう", "WHICH"],
  ["なに なん", "WHAT"],
  ["まだ", "YET"],
  ["もう すでに", "ALREADY"],
  ["すぐ すぐに", "SOON"],
  ["また", "AGAIN"],
  ["この これ こちら ここ こちらの", "THIS"],
  ["その それ そちら そこ", "THAT"],
  ["すべて みんな みな", "ALL"],
  ["ほか ほかの ほかに", "OTHER"],
  ["いつも つねに", "ALWAYS"],
  ["ある あります", "ARU"],
  ["ない ありません なし", "NOT"],
  ["あった ありました", "ARU PAST"],
  ["あれば あったら", "ARU IF"],
  ["なる なります", "NARU U"],
  ["なった なりました", "NARU PAST"],
  ["かかる かかります", "KAKARU U"],
  ["わかる わかります", "WAKARU"],
  ["わからない わかりません", "WAKARU NOT"],
  ["もらえる もらえます いただける いただけます", "GET"],
  ["もらった もらいました いただきました", "GET PAST"],
  ["くれる くれます", "FAVOUR"],
  ["いい よい よろしい", "GOOD"],
  ["だめ", "BAD"],
  ["こと ことが ことは", "KOTO"],
  ["とき", "TOKI"],
  ["まえに", "BEFORE"],
  ["あとで あとに", "AFTER"],
  ["ほしい ほしく", "WANT"],
  ["やっている やっています やってる やってます", "OPEN"],
  ["あいている あいています", "OPEN"],
];

/** The same, but behind a kanji their letters are an ending: 使います. */
const verbs: readonly (readonly [string, string])[] = [["いる います おります", "IRU"]];

/** Longest entry, in characters. */
export const longestWord = 20;

/** Every small word by its spelling; one may be of several kinds. */
export const smallWords: ReadonlyMap<string, readonly SmallWord[]> = tableOf([
  ["particle", particles],
  ["ending", endings],
  ["final", finals],
  ["word", words],
  ["verb", verbs],
]);

function tableOf(
  lists: readonly (readonly [Kind, readonly (readonly [string, string])[]])[],
): ReadonlyMap<string, readonly SmallWord[]> {
  const table = new Map<string, readonly SmallWord[]>();
  for (const [kind, list] of lists) for (const entry of list) addAll(table, kind, entry);
  return table;
}

function addAll(
  table: Map<string, readonly SmallWord[]>,
  kind: Kind,
  [spellings, said]: readonly [string, string],
): void {
  const meaning = said === "" ? [] : said.split(" ");
  for (const word of spellings.split(" ")) {
    const known = table.get(word) ?? [];
    // The first of a kind stands, so that a word has one meaning.
    if (known.some((other) => other.kind === kind)) continue;
    table.set(word, [...known, { kind, meaning }]);
  }
}
