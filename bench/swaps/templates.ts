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
  ja: ["テント", "カメラ", "プリンター", "自転車", "ソファー", "ギター"],
};

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
];

const japanese: readonly (readonly [string, string, readonly string[]])[] = [
  ["number", "{thing}は{}日以内に返品できますか", numbers],
  ["number", "{thing}を{}個買うと割引がありますか", ["2", "3", "5", "10"]],
  ["date", "{thing}は{}に配達できますか", ["月曜日", "水曜日", "土曜日", "日曜日"]],
  ["negation", "注文した{thing}が{}", ["届きました", "届きません"]],
  ["opposite", "{thing}の注文に付属品を{}するには", ["追加", "削除"]],
  ["opposite", "{thing}の通知を{}にする方法", ["オン", "オフ"]],
  ["scope", "{thing}は{}返品できますか", ["", "全部", "一部だけ"]],
  ["name", "{thing}を{}に送れますか", ["東京", "大阪", "札幌", "福岡"]],
  ["unit", "{thing}の修理に3{}かかりますか", ["時間", "日", "週間"]],
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
