/** English word lists: what the pair guard compares and what similarity of wording leaves out. */

/** Words that carry no topic. */
export const stopWords: ReadonlySet<string> = new Set(
  (
    "a an the is are am be was were been being do does did done i you he she it we they me my mine " +
    "your yours our ours us them his her hers their theirs its to of in on for at with and or can " +
    "could would will shall should may might must how what when where why who whom whose which there " +
    "this that these those have has had having please so if from by as but any some get got getting " +
    "need needs want wants wanted like would just also about into out up tell know let make way able " +
    "help assist assistance possible here then than too very really now myself yourself one im ive id"
  ).split(" "),
);

/** Greetings and courtesies; a sentence means the same without them. */
export const courtesies: ReadonlySet<string> = new Set(
  (
    "hi hello hey hiya greetings please pls plz thanks thank thx ty kindly sir madam maam um uh umm er " +
    "hmm ok okay well yo dear sorry excuse asap cheers appreciate appreciated quick question wondering"
  ).split(" "),
);

export const negations: ReadonlySet<string> = new Set(
  "not no non never none nothing nobody nowhere neither nor without cannot cant dont doesnt didnt wont isnt arent wasnt werent hasnt havent hadnt couldnt wouldnt shouldnt unable".split(
    " ",
  ),
);

/** Verbs that say "not" by themselves, so that "failed" may stand for "did not work". */
export const softNegations: ReadonlySet<string> = new Set(
  (
    "fail failed fails failing decline declined declines reject rejected refuse refused refuses deny denied " +
    "block blocked broken forgot forget forgetting forgotten impossible locked missing lost stuck trapped invalid error wrong unsuccessful unavailable stopped problem issue trouble"
  ).split(" "),
);

/** Groups of words that exclude each other; a word may stand in several. Each pair lists both sides. */
export const opposites: readonly (readonly [string, string])[] = [
  [
    "add added adding include included",
    "remove removed removing delete deleted exclude excluded drop",
  ],
  ["open opened opening create register join", "close closed closing delete terminate shut"],
  ["enable enabled activate activated reactivate", "disable disabled deactivate deactivated"],
  ["on", "off"],
  ["up", "down"],
  ["over above", "under below beneath"],
  [
    "increase raise higher upgrade more most maximum max highest",
    "decrease reduce lower downgrade less least minimum min lowest fewer",
  ],
  ["buy purchase bought", "sell sold return returned"],
  ["before earlier earliest", "after later latest"],
  ["send sent sending", "receive received receiving"],
  ["deposit deposited topup", "withdraw withdrawal withdrew withdrawn"],
  ["login signin", "logout signout"],
  ["start begin resume", "stop end pause cancel quit"],
  ["place", "cancel"],
  ["accept accepted approve approved", "reject rejected decline declined refuse refused"],
  ["lock locked block blocked freeze frozen", "unlock unlocked unblock unblocked unfreeze"],
  ["subscribe subscribed enroll enrol", "unsubscribe unsubscribed cancel"],
  ["with", "without"],
  ["cheap cheaper cheapest", "expensive pricier dearest"],
  ["physical", "virtual digital"],
  ["domestic national", "international foreign abroad overseas"],
  ["credit", "debit"],
  ["incoming inbound", "outgoing outbound"],
  ["import", "export"],
  ["public", "private"],
  ["allow allowed permit permitted", "forbid forbidden prohibit prohibited ban banned"],
  ["arrive arrival arriving arrives", "depart departure leave leaving"],
  ["checkin", "checkout"],
  ["indoor indoors inside", "outdoor outdoors outside"],
  ["free", "paid"],
  ["new", "old used"],
  ["first", "last final"],
  ["male men mens", "female women womens"],
  ["breakfast", "lunch dinner"],
  ["lunch", "dinner breakfast"],
  ["left", "right"],
  ["upload", "download"],
  ["borrow", "lend"],
  ["win", "lose"],
  ["push", "pull"],
  ["hot", "cold"],
  ["smoking", "nonsmoking"],
  ["refund", "charge"],
  ["lost", "found"],
  ["same", "different"],
  ["monthly", "yearly annual annually weekly daily"],
  ["yearly annual annually", "monthly weekly daily"],
  ["visa", "mastercard amex"],
  ["apple iphone ios", "android google samsung"],
].map(([a, b]) => [a ?? "", b ?? ""] as const);

/** Words for quantity of scope; words of one group say the same. */
export const scopes: readonly (readonly [string, string])[] = [
  ["all", "all every each everything everyone everybody entire whole"],
  ["only", "only solely exclusively alone"],
  ["always", "always"],
  ["never", "never"],
  ["both", "both"],
  ["except", "except excluding besides unless"],
  ["half", "half"],
  ["partial", "partial partially partly"],
  ["other", "other others another else instead"],
];

export const numberWords: ReadonlyMap<string, string> = new Map(
  (
    "zero two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen " +
    "seventeen eighteen nineteen twenty"
  )
    .split(" ")
    .map((word, at) => [word, String(at === 0 ? 0 : at + 1)] as const)
    .concat([
      ["thirty", "30"],
      ["forty", "40"],
      ["fifty", "50"],
      ["sixty", "60"],
      ["seventy", "70"],
      ["eighty", "80"],
      ["ninety", "90"],
      ["hundred", "100"],
      ["thousand", "1000"],
      ["million", "1000000"],
      ["dozen", "12"],
      ["twice", "2"],
      ["double", "2"],
      ["second", "2nd"],
      ["third", "3rd"],
      ["fourth", "4th"],
    ]),
);

/** Each word of a line by the line's first word. */
function byFirst(lines: readonly string[]): ReadonlyMap<string, string> {
  return new Map(
    lines.flatMap((line) => {
      const words = line.split(" ");
      return words.map((word) => [word, words[0] ?? word] as const);
    }),
  );
}

/** Unit words by the unit they mean. */
export const units: ReadonlyMap<string, string> = byFirst([
  "usd dollar dollars bucks",
  "eur euro euros",
  "gbp pound pounds sterling quid",
  "jpy yen",
  "cent cents",
  "percent pct",
  "kg kilo kilos kilogram kilograms",
  "gram grams",
  "lb lbs",
  "oz ounce ounces",
  "km kilometer kilometers kilometre kilometres",
  "mile miles",
  "meter meters metre metres",
  "cm centimeter centimeters centimetre centimetres",
  "inch inches",
  "foot feet ft",
  "liter liters litre litres",
  "second seconds sec",
  "minute minutes min mins",
  "hour hours hr hrs hourly",
  "day days daily",
  "week weeks weekly",
  "month months monthly",
  "year years yearly annual annually",
  "mb megabyte megabytes",
  "gb gigabyte gigabytes",
  "celsius",
  "fahrenheit",
]);

/** Weekdays, months and day words by what they mean. */
export const dates: ReadonlyMap<string, string> = byFirst([
  "monday mondays",
  "tuesday tuesdays",
  "wednesday wednesdays",
  "thursday thursdays",
  "friday fridays",
  "saturday saturdays",
  "sunday sundays",
  "january jan",
  "february feb",
  "april apr",
  "june jun",
  "july jul",
  "august aug",
  "september sept sep",
  "october oct",
  "november nov",
  "december dec",
  "today",
  "tomorrow",
  "yesterday",
  "tonight",
  "weekend weekends",
  "weekday weekdays",
  "christmas xmas",
  "easter",
  "holiday holidays",
  "morning mornings",
  "afternoon afternoons",
  "evening evenings",
  "night nights overnight",
  "spring",
  "summer",
  "autumn",
  "winter",
]);

/** People by what they are to the one who asks, or to the business. */
export const people: ReadonlyMap<string, string> = byFirst([
  "child children kid kids son sons daughter daughters baby babies toddler toddlers",
  "adult adults grownup grownups",
  "spouse wife husband",
  "partner partners boyfriend girlfriend",
  "parent parents mother father mum mom dad",
  "grandparent grandparents grandmother grandfather grandma grandpa",
  "sibling siblings brother brothers sister sisters",
  "family families relative relatives",
  "friend friends",
  "neighbour neighbours neighbor neighbors",
  "colleague colleagues coworker coworkers",
  "employee employees",
  "student students pupil pupils",
  "senior seniors pensioner pensioners",
  "teacher teachers",
  "veteran veterans",
  "tourist tourists",
]);

/** What a person looks up about themselves. */
export const personalNouns: ReadonlySet<string> = new Set(
  (
    "order orders package parcel delivery shipment item items refund payment payments transfer transaction " +
    "transactions account balance card claim invoice bill subscription booking reservation appointment ticket " +
    "case application status money cash statement points deposit withdrawal cheque topup"
  ).split(" "),
);
