/** The replay policy's routes for the cloud's own answers: which may serve anybody, which their own user only. */

/** A route as the policy file has it. */
export type RouteText = Readonly<Record<string, unknown>>;

/** Words that speak of the writer's own affairs. */
const PERSONAL =
  "\\b(i|im|i'm|i've|i'd|i'll|my|me|mine|myself|we|our|us|ours|you|your|yours|u|ur)\\b";

/** What a support desk deals with: such a text may be about somebody's own account. */
const DESK =
  "\\b(account|address|agent|balance|banks?|bill(s|ing)?|cancel\\w*|cards?|cash|chang\\w*|charg\\w*|checks?|cheques?|" +
  "claim\\w*|complain\\w*|contact\\w*|coverage|credit|customer|debit|deliver\\w*|deposit\\w*|e-?mail|enroll?\\w*|" +
  "exchange|fees?|funds?|help|insur\\w*|invoice\\w*|log ?in|money|orders?|package|parcel|passcode|password|" +
  "pay(ment\\w*)?|phone|pin|plan|policy|premium|purchase\\w*|quote|receipt|refund\\w*|reimburs\\w*|return\\w*|" +
  "ship|shipping|shipment|statement|status|subscription|support|top-?up|topp(ed|ing)|track\\w*|transact\\w*|" +
  "transfer\\w*|update|upgrade|withdraw\\w*|wallet)\\b";

/** Words of sentences; a search for a product has none of them. */
const SENTENCE =
  "\\b(what|whats|what's|how|whos?|who's|when|where|why|which|is|are|was|were|do|does|did|can|could|would|will|" +
  "should|has|have|hasn't|tell|show|give|find|need|want|get|let|thanks?|bye|no|yes|ok|okay|not|" +
  "don't|it|this|that|there|he|she|they|his|her)\\b";

/** Addresses, numbers of accounts and telephones: somebody's data, whatever else the text says. */
const CONTACT =
  "@|\\b(apt|suite|p\\.?o\\.? box|zip|ssn|passport|iban)\\b|\\b(mobile|fax|desk|phone|tel)\\b\\W*\\d|" +
  "\\d{7,}|\\d{3}[- .]\\d{3,4}";

/** The writer's own things. */
const OWNED = "\\b(my|mine|i'm|i've|our|ours)\\b";

/** The form of an exercise: code, gaps to fill, choices to tick. */
const EXERCISE =
  "complete this function|\\bdef \\w+\\(|function \\w+\\(|```|#include|\\bimport \\w+|which of the following|_{3,}|" +
  "\\(a\\)[^]*\\(b\\)|\\bequation\\b|\\b(python|javascript|sql|script|code)\\b|\\bc\\+\\+";

/** Texts that try to change the rules. */
const ATTACK =
  "\\b(ignor\\w*|forget|disregard|instructions?|prompt|passwords?|pretend|role ?play|system|secret|jailbreak|reveal|override)\\b";

const ORDER_NUMBER = "#W\\d{5,}";

/** The trace replays days within minutes: nothing may become too old on the way. */
const TTL = "7d";
const ANYBODY = { mode: "exact", scope: "global", ttl: TTL };
/** Kept for the user who asked. */
export const OWN: RouteText = { mode: "exact", scope: "user", identity: "body.user", ttl: TTL };

/** In the order in which they are tried; each forwards, and says what may be kept. */
export function cachingRoutes(): readonly RouteText[] {
  return [
    // The state of an order is its owner's.
    { name: "own-orders", when: { system: "any", text: ORDER_NUMBER }, forward: {}, cache: OWN },
    smallTalk(),
    ...productSearches(),
    ...exercises(),
    // Whatever else the desk deals with may serve the same user again, but for what looks like an attack.
    {
      name: "own-affairs",
      when: { system: "any", text: DESK, injection: "< 0.5" },
      forward: {},
      cache: OWN,
    },
  ];
}

/** Between you and me, no question, and not about the desk's affairs. */
function smallTalk(): RouteText {
  const talk = "\\b(you|i|i'm|i've)\\b";
  const question = "\\b(my|what|when|where|which|who|why|how)\\b";
  const when = { task: "greeting", length: "<= 60", system: "any", text: talk };
  return shared("small-talk", { ...when, not: { text: [question, DESK, CONTACT] } });
}

/** A few plain words that are no sentence. */
function productSearches(): readonly RouteText[] {
  const plain = { system: "any", injection: "< 0.1" };
  const search = { ...plain, text: "\\S +\\S", length: "<= 80", task: "product_search" };
  const foreign = [PERSONAL, SENTENCE, CONTACT];
  return [
    shared("product-search", {
      ...search,
      any: [{ confidence: ">= 0.95" }, { confidence: ">= 0.5", not: { text: DESK } }],
      not: { text: foreign },
    }),
    shared("product-words", {
      ...plain,
      length: "<= 60",
      task: ["product_search", "other", "discussion", "recommendation", "comparison"],
      text: "^[a-z0-9,.'&/\"+-]+( [a-z0-9,.'&/\"+-]+){1,7}$",
      not: { text: [...foreign, DESK] },
    }),
  ];
}

/** Sums and code: far from the desk's affairs, and nobody's own. */
function exercises(): readonly RouteText[] {
  const task = ["math", "code"];
  const far = { system: "any", length: ">= 40" };
  return [
    shared("exercises", {
      ...far,
      task,
      any: [
        { confidence: ">= 0.8", in_scope: "<= 0.1", injection: "< 0.5" },
        { confidence: ">= 0.5", in_scope: "<= 0.05", injection: "< 0.1", not: { text: OWNED } },
      ],
      not: { text: [CONTACT, ATTACK] },
    }),
    shared("exercise-form", {
      system: "any",
      length: ">= 60",
      in_scope: "<= 0.5",
      injection: "< 0.5",
      text: EXERCISE,
      not: { text: [CONTACT, ATTACK] },
    }),
  ];
}

function shared(name: string, when: RouteText): RouteText {
  return { name, when, forward: {}, cache: ANYBODY };
}
