/** The demo's first chapter: a few dozen calls of an ordinary working day, with what should become of them. */

import { anthropicCall, openAiCall } from "./call.ts";
import type { Call, Expectation } from "./call.ts";

export interface Scene {
  readonly title: string;
  readonly calls: readonly (readonly [Call, Expectation])[];
}

const SENTIMENT =
  "Classify the sentiment of the customer's message as positive, negative or neutral. Answer with one word.";
const MEDICAL = "You are the support assistant of Acme. This is a medical hotline.";

const HARD =
  "Compare leasing and buying a delivery van for a shop with 3,000 parcels a month: consider depreciation, " +
  "insurance, tax effects over five years, the cost of downtime and what happens if volume doubles in year two; " +
  "then recommend one, explain which assumption matters most, and how the result would change without it.";
const PUZZLE =
  "A train leaves at 9:40 at 80 km/h and another at 10:10 at 120 km/h on the same line. When and where does the " +
  "second catch up, and how would the answer change if the first stopped for 12 minutes after 60 km?";

const local = (says: string): Expectation => ({ decision: "local", says });
const forwarded: Expectation = { decision: "forwarded" };

export const SCENES: readonly Scene[] = [
  {
    title: "Greetings and thanks",
    calls: [
      [openAiCall("Hello!"), local("How can I help")],
      [openAiCall("hi there", { stream: true }), local("How can I help")],
      [anthropicCall("Good morning"), local("How can I help")],
      [anthropicCall("hey", { stream: true, user: "bob" }), local("How can I help")],
      [openAiCall("thanks a lot"), local("welcome")],
    ],
  },
  {
    title: "Questions that everybody asks",
    calls: [
      [openAiCall("When are you open?"), local("9:00 to 18:00")],
      [openAiCall("what are your opening hours"), local("9:00 to 18:00")],
      [anthropicCall("How long do refunds take?"), local("five working days")],
      [openAiCall("What is your return policy?", { user: "bob" }), local("30 days")],
      [anthropicCall("How much is shipping?", { stream: true }), local("4.90")],
      [openAiCall("I forgot my password", { stream: true }), local("Forgot password")],
      [openAiCall("Do you take PayPal?"), local("PayPal")],
    ],
  },
  {
    title: "In other words, and not quite the same question",
    calls: [
      [openAiCall("can you tell me your opening hours please"), local("9:00 to 18:00")],
      [anthropicCall("I have forgotten my password"), local("Forgot password")],
      // A word more, and the answer would be wrong: such calls are forwarded.
      [openAiCall("What is your return policy for sale items?"), forwarded],
      [anthropicCall("Do you not take PayPal?"), forwarded],
    ],
  },
  {
    title: "The cloud as a classifier",
    calls: [
      [openAiCall("I love it, great service!", { system: SENTIMENT }), local("positive")],
      [
        anthropicCall("This is terrible, I am so disappointed", { system: SENTIMENT }),
        local("negative"),
      ],
      [
        openAiCall("I love it, thank you so much!", { system: SENTIMENT, schema: true }),
        local('"positive"'),
      ],
    ],
  },
  {
    title: "Orders: an answer belongs to one user",
    calls: [
      [openAiCall("Where is my order #W1234567?"), forwarded],
      [openAiCall("Where is my order #W1234567?"), { decision: "cache" }],
      [openAiCall("Where is my order #W1234567?", { user: "bob" }), forwarded],
      [openAiCall("Where is my order #W1234567?", { stream: true }), { decision: "cache" }],
      [anthropicCall("Has my parcel left the warehouse?"), forwarded],
      [anthropicCall("Has my parcel left the warehouse?"), { decision: "cache" }],
    ],
  },
  {
    title: "What only the cloud can do",
    calls: [
      [openAiCall(HARD), { ...forwarded, route: "hard-to-strong" }],
      [openAiCall(PUZZLE, { stream: true }), forwarded],
      [anthropicCall(HARD, { stream: true }), forwarded],
      [openAiCall("Which of your tents suits a week in Iceland in March?"), forwarded],
      [anthropicCall("Write a short poem about late parcels"), forwarded],
      [
        openAiCall("This is unacceptable, let me talk to your manager!"),
        { ...forwarded, route: "escalation" },
      ],
      [openAiCall("Hello!", { system: MEDICAL }), { ...forwarded, reason: "denied_by_policy" }],
    ],
  },
  {
    title: "Tools: the application expects an action",
    calls: [
      [openAiCall("Look up order #W7654321", { tools: true, user: "carl" }), forwarded],
      [
        openAiCall("Look up order #W7654321", { tools: true, stream: true, user: "dora" }),
        { ...forwarded, says: "look_up_order" },
      ],
      [
        anthropicCall("Look up order #W7654321", { tools: true, user: "carl" }),
        { ...forwarded, says: "look_up_order" },
      ],
      [anthropicCall("Hello!", { tools: true }), { ...forwarded, reason: "tools_present" }],
    ],
  },
];
