/** Questions of a made-up shop with one part that decides the answer, by kind of part; generate.ts fills them. */

/** A question form. `{thing}` and `{place}` are filled alike in entry and swap, `{}` holds the part that differs. */
export interface Template {
  readonly kind: string;
  readonly language: "en" | "ja";
  readonly ask: string;
  /** What `{}` may be; an entry takes one of these and its swaps the others. */
  readonly parts: readonly string[];
}

export const things: Readonly<Record<Template["language"], readonly string[]>> = {
  en: [
    "kettle",
    "backpack",
    "tent",
    "camera",
    "blender",
    "jacket",
    "printer",
    "guitar",
    "bicycle",
    "scooter",
    "toaster",
    "sofa",
  ],
  ja: ["テント", "カメラ", "プリンター", "自転車", "ソファー", "ギター", "腕時計", "りんご"],
};

/** More Japanese things, for a large FAQ. */
export const moreThings: readonly string[] =
  "冷蔵庫 洗濯機 電子レンジ 扇風機 掃除機 加湿器 空気清浄機 ドライヤー アイロン ミキサー リュック スーツケース 財布 帽子 手袋 マフラー コート セーター スニーカー 長靴 本棚 机 椅子 ベッド 布団 枕 カーテン 絨毯 鏡 時計".split(
    " ",
  );

const places = [
  "Cedar Lodge",
  "Harbour House",
  "Maple Court",
  "Sunrise Inn",
  "Willow Garden",
  "Fernhill",
  "Oakmere",
  "Brackwell",
  "Larkstone",
  "Hotel Miramar",
];
const numbers = ["7", "14", "30", "45", "60", "90"];
const days = ["Monday", "Tuesday", "Thursday", "Saturday", "Sunday"];

const english: readonly (readonly [string, string, readonly string[]])[] = [
  ["name", "Does {} lend out a {thing}?", places],
  ["name", "Can I pick up my {thing} at {}?", places],
  ["name", "Is there free parking at {} for people with a {thing}?", places],
  ["name", "Do you send a {thing} to {}?", ["Japan", "Norway", "Chile", "Kenya", "Canada"]],
  ["number", "Can I return a {thing} within {} days?", numbers],
  [
    "number",
    "Is there a discount if I buy {} of the {thing} sets?",
    ["2", "3", "5", "10", "twelve"],
  ],
  ["number", "Does the {thing} come with a warranty of {} years?", ["one", "two", "3", "5"]],
  ["unit", "Is the {thing} heavier than 5 {}?", ["kg", "pounds", "grams"]],
  ["unit", "Can I pay for the {thing} in {}?", ["euros", "dollars", "yen", "pounds"]],
  ["unit", "Does it take 3 {} to repair a {thing}?", ["hours", "days", "weeks", "months"]],
  ["date", "Can I have a {thing} delivered on a {}?", days],
  ["date", "Is the {thing} on sale in {}?", ["January", "May", "July", "October"]],
  ["negation", "Can I rent a {thing} {} a deposit?", ["with", "without"]],
  ["negation", "Why {} my {thing} delivered?", ["was", "wasn't"]],
  ["negation", "What happens if I {} return the {thing}?", ["do", "don't"]],
  ["opposite", "How do I {} the alarm of the {thing}?", ["enable", "disable"]],
  ["opposite", "How do I {} an accessory in my {thing} order?", ["add", "remove"]],
  ["opposite", "Why did the price of the {thing} {}?", ["increase", "decrease"]],
  ["opposite", "Where do I {} the {thing} newsletter?", ["subscribe to", "unsubscribe from"]],
  ["scope", "Can I return {} parts of the {thing}?", ["all", "some", "only the unused"]],
  ["scope", "Is {} the owner allowed to use the {thing}?", ["only", "also", "everybody except"]],
  ["question", "{} can I get my {thing} repaired?", ["Where", "When", "Why"]],
  ["question", "{} delivers the {thing}?", ["Who", "When do you"]],
  ["direction", "Can I move my {thing} booking from {}?", ["Leeds to York", "York to Leeds"]],
  ["person", "Can {} pick up the {thing} that I ordered?", ["my neighbour", "my daughter", "I"]],
  [
    "phrase",
    "What is the return policy for a {thing}{}?",
    ["", " in the sale", " without a receipt"],
  ],
  ["name", "Is there a workshop for the {thing} near {}?", places],
];

const cities = ["東京", "大阪", "札幌", "福岡", "名古屋"];

const japanese: readonly (readonly [string, string, readonly string[]])[] = [
  ["number", "{thing}は{}日以内に返品できますか", numbers],
  ["number", "{thing}を{}個買うと割引がありますか", ["2", "3", "5", "10"]],
  ["number", "{thing}の保証は{}年ですか", ["1", "二", "3", "五"]],
  ["number", "{thing}は{}円以上で送料無料になりますか", ["3000", "5,000", "1万"]],
  ["date", "{thing}は{}に配達できますか", ["月曜日", "水曜日", "土曜日", "日曜日"]],
  ["date", "{thing}の修理は{}終わりますか", ["今日", "明日", "今週", "来週"]],
  ["date", "{thing}の売り場は{}開いていますか", ["午前", "午後", "夜"]],
  ["negation", "注文した{thing}が{}", ["届きました", "届きません"]],
  ["negation", "{thing}は転売{}", ["できますか", "できないのですか"]],
  ["negation", "{thing}の保証書が{}場合はどうなりますか", ["ある", "ない"]],
  ["negation", "説明書を{}使える{thing}はどれですか", ["読んで", "読まずに"]],
  ["opposite", "{thing}の注文に付属品を{}するには", ["追加", "削除"]],
  ["opposite", "{thing}の通知を{}にする方法", ["オン", "オフ"]],
  ["opposite", "{thing}の値段はなぜ{}のですか", ["上がった", "下がった"]],
  ["opposite", "{thing}のお知らせメールを{}したい", ["登録", "解除", "停止"]],
  ["opposite", "{thing}のロックを{}方法を教えてください", ["かける", "外す"]],
  ["scope", "{thing}は{}返品できますか", ["", "全部", "一部だけ"]],
  ["scope", "{thing}は会員{}買えますか", ["だけ", "以外も", ""]],
  ["scope", "{thing}の部品は{}交換できますか", ["すべて", "ひとつだけ", "毎月"]],
  ["name", "{thing}を{}に送れますか", cities],
  ["name", "{}の店舗で{thing}を借りられますか", cities],
  ["name", "{thing}の支払いに{}は使えますか", ["PayPay", "PayPal", "Suica", "クレジットカード"]],
  ["unit", "{thing}の修理に3{}かかりますか", ["時間", "日", "週間", "か月"]],
  ["unit", "{thing}は5{}より重いですか", ["kg", "g", "ポンド"]],
  ["unit", "{thing}の代金は{}で払えますか", ["円", "ドル", "ユーロ"]],
  ["question", "{thing}は{}修理できますか", ["どこで", "いつ", "なぜ"]],
  ["question", "{thing}は{}届けてくれますか", ["誰が", "いつ"]],
  ["question", "{thing}の配達料は{}かかりますか", ["いくら", "いつから"]],
  ["direction", "{thing}を{}送れますか", ["東京から大阪に", "大阪から東京に"]],
  ["direction", "予約を{}に変更できますか。商品は{thing}です", ["午前から午後", "午後から午前"]],
  ["person", "注文した{thing}を{}が受け取れますか", ["私", "娘", "隣の人"]],
  ["time", "{thing}を{}、どうすればいいですか", ["返品したのですが", "返品したいのですが"]],
  ["time", "{thing}の返金は{}", ["されますか", "されましたか"]],
  ["voice", "{thing}の注文がキャンセル{}", ["されました", "できました", "しました"]],
  [
    "duty",
    "{thing}を返品{}",
    ["しなければなりませんか", "してもいいですか", "しなくてもいいですか"],
  ],
  [
    "phrase",
    "{thing}の返品条件を教えてください{}",
    ["", "。セール品です", "。レシートはありません"],
  ],
  ["phrase", "{}{thing}は下取りできますか", ["", "壊れた", "中古の", "開封した"]],
];

const entry =
  (language: Template["language"]) =>
  ([kind, ask, parts]: readonly [string, string, readonly string[]]): Template => ({
    kind,
    language,
    ask,
    parts,
  });

export const templates: readonly Template[] = [
  ...english.map(entry("en")),
  ...japanese.map(entry("ja")),
];
