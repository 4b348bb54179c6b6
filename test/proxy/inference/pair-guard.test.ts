import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { WordKnowledge } from "../../../proxy/inference/guard-text.ts";
import { guard } from "../../../proxy/inference/pair-guard.ts";

const questions = [
  "How do I reset my password?",
  "What is the cancellation fee?",
  "Can I change the shipping address of an order?",
  "Why was my card declined?",
  "When does the store open on Monday?",
  "How much does a replacement card cost?",
  "Do you ship to Japan?",
  "I was charged twice, what should I do?",
  "Is there free parking at Malmaison?",
  "My card doesn't work at the ATM",
  "Where can I find my invoices?",
  "Is breakfast included?",
  "Can I return 3 items within 30 days?",
  "How do I add a second user to my plan?",
  "What's the exchange rate from USD to EUR?",
  "Are all plans refundable?",
  "How do I turn off notifications?",
  "I haven't received the confirmation email",
  "Do you accept American Express?",
  "Who do I contact about a damaged parcel?",
];

const rewrites: readonly ((text: string) => string)[] = [
  (text) => text.toLowerCase(),
  (text) => text.toUpperCase(),
  (text) => text.replace(/[?.!]$/u, ""),
  (text) => `${text}!!`,
  (text) => `Hi, ${text}`,
  (text) => `hello ${text.toLowerCase()} please`,
  (text) => `${text} Thanks`,
  (text) => `um ${text}`,
  (text) => `  ${text.replaceAll(" ", "  ")} `,
  (text) => text.replaceAll("'", "\u2019"),
  (text) => text.replaceAll("n't", "nt").replaceAll("What's", "What is"),
];

describe("the same question", () => {
  test.each(questions)("%s", (question) => {
    expect(guard(question, question)).toBeNull();
    for (const rewrite of rewrites) {
      expect([rewrite(question), guard(rewrite(question), question)]).toEqual([
        rewrite(question),
        null,
      ]);
      expect(guard(question, rewrite(question))).toBeNull();
    }
  });

  test.each([
    ["I don't know how to change my address", "How do I change my address?"],
    ["not sure where I can find the fee", "Where can I find the fee?"],
    ["can't you change the date?", "Can you change the date?"],
    ["My card is not working", "my card doesn't work"],
    ["my top-up failed", "My top up did not go through"],
    ["I can't log in", "I am unable to login"],
    ["cancel two orders", "Cancel 2 orders"],
    ["what are your opening hours", "What are the opening hours?"],
    ["refund of 1,000 dollars", "refund of $1000"],
    ["Good afternoon, when do you open", "When do you open?"],
    ["does malmasion have parking", "Does Malmaison have parking?"],
    ["I don't remember my password", "I forgot my password"],
    ["I can't reset my password", "How can I reset my password?"],
    ["I am not able to see the invoice", "Where do I see the invoice?"],
    ["are you selling gift cards", "I am looking for gift cards"],
    ["can you change my name", "I want to change my name"],
    ["can you tell me about refunds", "When do I get a refund?"],
    ["when do I get a refund", "Can you tell me about refunds?"],
    ["how can I change my address", "What do I have to do to change my address?"],
    ["do you have parking for kids", "do you have parking for children"],
    ["is it over?", "is it over"],
    ["my card is insured", "the card is insured"],
  ])("%s = %s", (asked, known) => {
    expect(guard(asked, known)).toBeNull();
  });

  test("a misspelt number is no number: silence is right", () => {
    expect(guard("are nintey days enough", "are ninety days enough?")?.kind).toBe("number");
  });
});

describe("a question that differs in one thing", () => {
  test.each([
    ["negation", "Can I return opened items?", "Can't I not return opened items?"],
    ["negation", "my card works", "my card does not work"],
    ["negation", "I received my refund", "I never received my refund"],
    ["negation", "plans without a contract", "plans that have a contract"],
    ["negation", "I can't return opened items", "Can I return opened items?"],
    ["negation", "I can't pay by card and it's not my fault", "pay by card, it's my fault"],
    ["person", "I am happy", "you're very happy"],
    ["person", "what's my name", "what is your name"],
    ["person", "how busy you are", "how busy I am"],
    ["antonym", "How do I add a dependent?", "How do I remove a dependent?"],
    ["antonym", "How do I open an account?", "How do I close an account?"],
    ["antonym", "turn on notifications", "turn off notifications"],
    ["antonym", "increase my limit", "decrease my limit"],
    ["antonym", "activate the card", "deactivate the card"],
    ["antonym", "subscribe to the newsletter", "unsubscribe from the newsletter"],
    ["antonym", "what is the minimum age", "what is the maximum age"],
    ["antonym", "order a physical card", "order a virtual card"],
    ["antonym", "what time is check-in", "what time is check out"],
    ["antonym", "can I send money", "can I receive money"],
    ["antonym", "lock my card", "unlock my card"],
    ["antonym", "Do you accept Visa?", "Do you accept Mastercard?"],
    ["antonym", "fee for a credit card", "fee for a debit card"],
    ["antonym", "a discount for people over 26", "a discount for people under 26"],
    ["antonym", "orders above 60 dollars", "orders below 60 dollars"],
    ["antonym", "is the bag insured?", "is the bag uninsured?"],
    ["antonym", "Is the number of guests limited?", "Is the number of guests unlimited?"],
    ["negation", "is the basic plan refundable?", "is the basic plan non-refundable?"],
    ["negation", "can I cancel it?", "can I cancel it as a non-resident?"],
    ["number", "return within 30 days", "return within 60 days"],
    ["number", "return within thirty days", "return within 60 days"],
    ["number", "the first 2 items", "the first three items"],
    ["number", "Can I book for 4?", "Can I book?"],
    ["number", "is 2.5 percent right", "is 25 percent right"],
    ["identifier", "track #W1234567", "track #W1234568"],
    ["identifier", "where is order 123456789", "where is an order"],
    ["identifier", "mail me at a@example.com", "mail me at b@example.com"],
    ["identifier", "transfer to account 1234-5678", "transfer to an account"],
    ["unit", "costs in euros", "costs in dollars"],
    ["unit", "is it 5 km away", "is it 5 miles away"],
    ["unit", "is $5 the fee", "is £5 the fee"],
    ["unit", "how many days", "how many weeks"],
    ["date", "open on Monday", "open on Sunday"],
    ["date", "are you open today", "are you open tomorrow"],
    ["date", "deliveries in June", "deliveries in July"],
    ["date", "are you open", "are you open on christmas"],
    ["entity", "Do you ship to Japan?", "Do you ship to France?"],
    ["entity", "Is parking free at Malmaison?", "Is parking free at Acorn House?"],
    ["entity", "Is parking free?", "Is parking free at Malmaison?"],
    ["scope", "Can I return all items?", "Can I return items?"],
    ["scope", "Is only the owner allowed in?", "Is the owner allowed in?"],
    ["scope", "are both cards free of charge", "are cards free of charge"],
    ["scope", "everything except shoes", "shoes"],
    ["scope", "how long does a refund take", "how long does a partial refund take"],
    [
      "scope",
      "how much is the basic plan",
      "how much is the basic plan and what about the other one",
    ],
    ["scope", "how do I pay", "how else do I pay"],
    ["person", "can I cancel the plan", "can my neighbour cancel the plan"],
    ["person", "is there a discount for students", "is there a discount for seniors"],
    ["person", "are children allowed", "are adults allowed"],
    ["entity", "how much is Pro", "how much is Pro+"],
    ["entity", "do you teach C#", "do you teach C++"],
    ["question", "Why is there a fee?", "When is there a fee?"],
    ["question", "why is the plan available here?", "is the plan available here?"],
    ["question", "why do I activate it", "how do I activate it"],
    ["question", "how many guests must I bring", "how many guests can I bring"],
    ["question", "do I have to pay online?", "can I pay online?"],
    ["direction", "can I transfer it to another person", "can I transfer it from another person"],
    ["question", "where do I pay", "how much do I pay"],
    ["question", "who delivers", "when do you deliver"],
    ["personal", "Where is my order?", "Where are orders kept?"],
    ["personal", "has my refund arrived yet", "how long does a refund take"],
    ["personal", "My name is Ana, change an address", "change an address"],
    ["personal", "my account number is wrong", "the account is wrong"],
    ["direction", "the rate from USD to EUR", "the rate from EUR to USD"],
    ["direction", "is gold better than silver", "is silver better than gold"],
  ] as const)("%s: %s / %s", (kind, one, other) => {
    expect(guard(one, other)?.kind).toBe(kind);
    expect(guard(one.toLowerCase(), other)).not.toBeNull();
    // What one person looks up about themselves is no question for the other way round.
    if (kind !== "personal") expect(guard(other, one)).not.toBeNull();
  });

  test.each([
    ["when can I cancel the plan?", "can I cancel the plan?"],
    ["where can I use the card?", "can I use the card?"],
    ["who can use the card?", "Hi, can I use the card?"],
  ])("asks for more than yes or no: %s / %s", (asked, known) => {
    expect(guard(asked, known)?.kind).toBe("question");
    // The answer to the longer question answers the shorter one as well.
    expect(guard(known, asked)).toBeNull();
  });

  test("a name in front, in capitals", () => {
    const known = "what is the minimum age?";
    expect(guard("LIMEHOUSE: what is the minimum age?", known)?.kind).toBe("entity");
  });

  test("numbers, whatever they are", () => {
    fc.assert(
      fc.property(fc.constantFrom(...questions), fc.nat(100_000), fc.nat(100_000), (text, a, b) => {
        const one = `${text} ${a}`;
        const other = `${text} ${b}`;
        expect(guard(one, other) === null).toBe(a === b);
        expect(guard(one, text)).not.toBeNull();
      }),
    );
  });

  test("names, whatever they are, as written and in lower case", () => {
    const name = fc
      .stringMatching(/^[A-Z][a-z]{4,9}$/u)
      .filter((word) => !/^(?:Today|Night|Never|Every|Always|Except)/u.test(word));
    fc.assert(
      fc.property(name, name, (a, b) => {
        fc.pre(a[0] !== b[0]);
        const known = `Is there parking near ${a} for guests?`;
        expect(guard(known.toLowerCase(), known)).toBeNull();
        expect(guard(known.replace(a, b), known)).not.toBeNull();
        expect(guard(known.replace(a, b).toLowerCase(), known)).not.toBeNull();
      }),
    );
  });
});

describe("what is known of words", () => {
  const ordinary = new Set(
    "does have parking garden curry is there wifi golden house card".split(" "),
  );
  const names = new Set(["curry", "garden", "golden", "house"]);
  const known: WordKnowledge = {
    isExacting: false,
    isCommon: (word) => ordinary.has(word),
    isWord: (word) => ordinary.has(word) || word === "hostel",
    isMisspelt: (word) => word === "gardne",
    isName: (word) => names.has(word),
  };

  test("names made of ordinary words must agree in lower case too", () => {
    const matched = "Does Curry Garden have parking?";
    expect(guard("does curry garden have parking", matched, known)).toBeNull();
    expect(guard("does golden house have parking", matched, known)?.kind).toBe("entity");
    expect(guard("does it have parking", matched, known)?.kind).toBe("entity");
    expect(guard("does curry garden have parking", "is there parking?", known)?.kind).toBe(
      "entity",
    );
  });

  test("one typo in a long name passes, unless it makes another word", () => {
    const matched = "Does Curry Garden have parking?";
    expect(guard("does curry gadren have parking", matched, known)).toBeNull();
    expect(guard("does carry garden have parking", matched, known)).toBeNull();
    const both = { ...known, isWord: (word: string) => word === "carry" || ordinary.has(word) };
    expect(guard("does carry garden have parking", matched, both)?.kind).toBe("entity");
  });

  test("a word that nobody knows is a name until it is a typo of a word that was said", () => {
    expect(guard("is there parking limehouse", "is there parking?", known)?.kind).toBe("entity");
    expect(guard("is thre parkign", "is there parking?", known)).toBeNull();
  });

  test("a rare word is a name only where every word counts, a country anywhere", () => {
    const isWord = (word: string): boolean => ["guarded", "japan"].includes(word);
    const rare = { ...known, isExacting: true, isWord };
    const matched = "is there parking?";
    expect(guard("is there guarded parking", matched, rare)?.kind).toBe("entity");
    const lenient = { ...rare, isExacting: false };
    expect(guard("is there guarded parking", matched, lenient)).toBeNull();
    expect(guard("is there parking japan", matched, lenient)?.kind).toBe("entity");
  });

  test("a misspelt ordinary word is no name", () => {
    expect(guard("is there parking gardne", "is there parking?", known)).toBeNull();
  });

  test("a space typed one letter early or late makes no names", () => {
    for (const text of ["ist here parking", "is therep arking", "is the re parking"]) {
      expect([text, guard(text, "is there parking?", known)]).toEqual([text, null]);
    }
    expect(guard("is there parking inn", "is there parking?", known)?.kind).toBe("entity");
  });

  test("an ordinary word with a capital is no name", () => {
    expect(guard("Is there a Card?", "is there wifi?", known)).toBeNull();
  });
});

describe("one word more, or another one, in a FAQ", () => {
  const known: WordKnowledge = {
    isExacting: true,
    isCommon: () => true,
    isWord: () => true,
    isMisspelt: () => false,
    isName: () => false,
  };

  test.each([
    ["can I exchange an opened laptop", "can I return an opened laptop"],
    ["do you repair a stolen laptop", "do you repair a broken laptop"],
    ["how long is the warranty of the camera lens", "how long is the warranty of the camera"],
    ["is shipping free outside the EU", "is shipping free within the EU"],
    ["What is your return policy for sale items?", "What is your return policy?"],
    ["how do I cancel my order after the free trial", "how do I cancel my order"],
  ])("is another question: %s / %s", (asked, matched) => {
    expect(guard(asked, matched, known)?.kind).toBe("entity");
    expect(guard(asked, matched, { ...known, isExacting: false })).toBeNull();
  });

  test.each([
    ["Sorry to bother you, can I return an opened laptop?", "can I return an opened laptop"],
    ["could you advise how I return opened laptops", "how do I return an opened laptop"],
    ["how much is delivery", "what does delivery cost"],
    ["can I return it", "can I send it back"],
    [
      "get my card out of the stupid machine that ate it",
      "how do I get my card out of the machine",
    ],
  ])("is not where little is shared or a courtesy is said: %s / %s", (asked, matched) => {
    expect(guard(asked, matched, known)).toBeNull();
  });
});

describe("Japanese", () => {
  test.each([
    ["返金はいつですか", "返金はいつですか？"],
    ["注文をキャンセルしたい", "注文のキャンセル方法を教えてください"],
    ["パスワードを変更できませんか", "パスワードを変更できますか"],
    ["すみません、営業時間を教えてください", "営業時間を教えて"],
    ["ﾊﾟｽﾜｰﾄﾞを変更", "パスワードを変更"],
  ])("%s = %s", (asked, known) => {
    expect(guard(asked, known)).toBeNull();
  });

  test.each([
    ["negation", "注文が届きません", "注文が届きました"],
    ["antonym", "項目を追加する", "項目を削除する"],
    ["antonym", "通知をオンにする", "通知をオフにする"],
    ["antonym", "口座に入金したい", "口座から出金したい"],
    ["date", "月曜日は営業していますか", "日曜日は営業していますか"],
    ["number", "二個の商品", "三個の商品"],
    ["number", "商品 2 個", "商品 3 個"],
    ["scope", "全部返品したい", "返品したい"],
    ["personal", "私の注文はどこ", "注文はどこ"],
    ["entity", "東京に配送できますか", "大阪に配送できますか"],
    ["entity", "ホテルの駐車場", "レストランの駐車場"],
    ["entity", "返金はいつですか", "返品はいつですか"],
    ["entity", "Where is the store?", "店はどこ"],
  ] as const)("%s: %s / %s", (kind, one, other) => {
    expect(guard(one, other)?.kind).toBe(kind);
    expect(guard(other, one)).not.toBeNull();
  });
});

test("any two texts give a verdict", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary" }), fc.string({ unit: "binary" }), (a, b) => {
      expect(guard(a, a)).toBeNull();
      const objection = guard(a, b);
      expect(objection === null || objection.detail.length >= 0).toBe(true);
    }),
  );
});
