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
  "should|has|have|hasn't|please|tell|show|give|find|need|want|get|let|hi|hello|hey|thanks?|bye|no|yes|ok|okay|not|" +
  "don't|it|this|that|there|he|she|they|his|her)\\b";

/** Addresses, numbers of accounts and telephones: somebody's data, whatever else the text says. */
const CONTACT =
  "@|\\b(apt|suite|p\\.?o\\.? box|mobile|fax|desk|zip|ssn|phone|passport|iban)\\b|\\d{7,}|\\d{3}[- .]\\d{3,4}";

/** Texts that try to change the rules. */
const ATTACK =
  "\\b(ignor\\w*|forget|disregard|instructions?|prompt|passwords?|pretend|role ?play|system|secret|jailbreak|reveal|override)\\b";

const ORDER_NUMBER = "#W\\d{5,}";

/** The trace replays days within minutes: nothing may become too old on the way. */
const TTL = "7d";
const ANYBODY = { mode: "exact", scope: "global", ttl: TTL };
const OWN = { mode: "exact", scope: "user", identity: "body.user", ttl: TTL };

/** In the order in which they are tried; each forwards, and says what may be kept. */
export function cachingRoutes(): readonly RouteText[] {
  return [
    // The state of an order is its owner's.
    { name: "own-orders", when: { system: "any", text: ORDER_NUMBER }, forward: {}, cache: OWN },
    smallTalk(),
    ...productSearches(),
    exercises(),
    // Whatever else the desk deals with may serve the same user again.
    { name: "own-affairs", when: { system: "any", text: DESK }, forward: {}, cache: OWN },
  ];
}

function smallTalk(): RouteText {
  const when = { task: "greeting", confidence: ">= 0.9", length: "<= 60", system: "any" };
  return shared("small-talk", { ...when, not: { text: [DESK, CONTACT] } });
}

/** A few plain words that are no sentence: two ways to be sure of it. */
function productSearches(): readonly RouteText[] {
  const plain = { system: "any", text: "^\\S+ .*\\S", injection: "< 0.1", length: "<= 80" };
  const not = { text: [PERSONAL, DESK, SENTENCE, CONTACT] };
  const tasks = ["product_search", "other", "discussion", "recommendation", "comparison"];
  return [
    shared("product-search", { ...plain, task: "product_search", confidence: ">= 0.5", not }),
    shared("product-words", {
      ...plain,
      length: "<= 60",
      task: tasks,
      text: "^[a-z0-9,.'&/\"+-]+( [a-z0-9,.'&/\"+-]+){1,7}$",
      not,
    }),
  ];
}

/** Sums, code and essays: far from the desk's affairs, and nobody's own. */
function exercises(): RouteText {
  const far = { system: "any", in_scope: "<= 0.05", injection: "< 0.1", length: ">= 40" };
  return shared("exercises", {
    ...far,
    task: ["math", "code"],
    confidence: ">= 0.5",
    not: { text: [CONTACT, ATTACK, "\\b(my|mine|i'm|i've|our|ours)\\b"] },
  });
}

function shared(name: string, when: RouteText): RouteText {
  return { name, when, forward: {}, cache: ANYBODY };
}
