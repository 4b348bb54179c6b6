/** Applications that use the cloud as a classifier, as they write their calls: the label in their own form, or silence. */
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Explainer } from "../../proxy/cli/explain.ts";
import { createExplainer } from "../../proxy/sidecar.ts";

const policy = `model: support-v1
limits: { decision: 2s }
routes:
  - name: greeting
    when: { task: greeting, confidence: ">= 0.8", system: any }
    answer: { template: Hello! }
  - name: sentiment
    when: { any: [{ system: { contains: sentiment } }, { text: 'sentiment|Mood:', system: none }] }
    answer: { label: sentiment }
  - name: language
    when: { system: { contains: language } }
    answer: { label: language }
  - name: handover
    when: { system: { contains: handed to a human } }
    answer: { label: escalation, labels: { escalate: "YES", continue: "NO" } }
  - name: triage
    when: { system: { contains: escalate or continue } }
    answer: { label: escalation }
  - name: urgency
    when: { system: { contains: urgency } }
    answer:
      label:
        urgent:
          - my payment was taken twice and my rent bounces today
          - the heating is dead and there are small children here
          - our production system is down right now
          - someone is using my account at this moment
          - I need this fixed within the hour
          - nothing works and the customers are waiting
        normal:
          examples:
            - how do I change my e-mail address
            - can you send me last month's invoice
            - which colours does the jacket come in
            - I would like to know your opening hours
            - please update my delivery address for next month
            - is there a student discount
          not: [the weather is nice]
      confidence: ">= 0.5"
      max_wrong: 5%
  - name: everything-else
    forward: {}
`;

interface Message {
  readonly role: string;
  readonly content: string;
}

let explainer: Explainer;
let folder = "";

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "sidestep-labels-"));
  await writeFile(join(folder, "policy.yaml"), policy);
  explainer = await createExplainer(
    { policy: [join(folder, "policy.yaml")], state: "off" },
    {
      env: {},
      out: () => undefined,
      err: () => undefined,
      input: () => Promise.resolve(Buffer.alloc(0)),
    },
  );
});

afterAll(async () => {
  await explainer.close();
  await rm(folder, { recursive: true, force: true });
});

/** The label as it would be sent, or the reason for silence. */
async function told(messages: readonly Message[], more: object = {}): Promise<string> {
  const bytes = Buffer.from(JSON.stringify({ model: "gpt-4o", messages, ...more }));
  const { answer, reason } = await explainer.explain({
    kind: "body",
    bytes,
    protocol: "openai-chat",
  });
  return answer ?? reason;
}

const system = (content: string): Message => ({ role: "system", content });
const user = (content: string): Message => ({ role: "user", content });
const dialogue = (...texts: readonly string[]): readonly Message[] =>
  texts.map((content, at) => ({ role: at % 2 === 0 ? "user" : "assistant", content }));

const list = "Classify the sentiment as positive, negative or neutral. One word.";
const glad = "What a wonderful day, thanks!";
const cross = "I hate this, the worst product ever";

describe("the text to classify", () => {
  it.each([
    [[system(list), user(glad)], "positive"],
    [[system(list), user(`Review: "${glad}"`)], "positive"],
    [[user(`${list}\n\nReview: ${glad}`)], "positive"],
    [[user(`${list}\n\n"""${cross}"""`)], "negative"],
    [[user(`${list}\n\n<text>${cross}</text>`)], "negative"],
    [[user(`Classify the sentiment of "${cross}" as positive or negative. One word.`)], "negative"],
  ])("is found where it is plain: %j", async (messages, wanted) => {
    expect(await told(messages)).toBe(wanted);
  });

  it.each([
    `${cross}. What is the sentiment?`,
    `${list} ${glad}`,
    `${list}\n"""${glad}""" and """${cross}"""`,
    `${list}\nText: ${glad}\nText: ${cross}`,
  ])("is not guessed where it is not: %s", async (text) => {
    expect(await told([user(text)])).toBe("label_text_unclear");
  });

  it("is read apart from its instructions: their language is not the text's", async () => {
    const german = "Das ist wirklich das schlechteste Produkt und ich bin sehr enttäuscht";
    expect(await told([user(`${list}\n\nReview: ${german}`)])).toBe("language_unknown");
  });

  it("is no greeting to be greeted back, wherever the greeting's route stands", async () => {
    expect(await told([system(list), user("hello")])).toBe("neutral");
    expect(await told([user("hello")])).toBe("Hello!");
  });
});

describe("examples in the call", () => {
  it.each([
    ["Positive", "Negative", "Positive"],
    ["POS", "NEG", "POS"],
    ['{"s": "pos"}', '{"s": "neg"}', '{"s": "pos"}'],
    ["Sentiment: positive.", "Sentiment: negative.", "Sentiment: positive."],
  ])("of earlier turns give the form: %s", async (good, bad, wanted) => {
    const turns = dialogue("I love this!", good, "This is awful", bad, glad);
    expect(await told([system("Tell the sentiment."), ...turns])).toBe(wanted);
  });

  it("within one prompt give it, too", async () => {
    const shots = `Text: I love this!\nMood: POS\n###\nText: This is awful\nMood: NEG\n###\n`;
    expect(await told([user(`${shots}Text: ${glad}\nMood:`)])).toBe("POS");
    const foreign = shots.replace("NEG", "MIXED");
    const silent = ["label_text_unclear", "injection_suspected"];
    expect(silent).toContain(await told([user(`${foreign}Text: ${glad}\nMood:`)]));
  });

  it("are no history, but any other turn is", async () => {
    const chat = dialogue("I love this!", "Glad to hear it!", glad);
    expect(await told([system(list), ...chat])).toBe("history_not_allowed");
  });

  it("that give the same text another label, or one label two words, are heeded", async () => {
    const turns = dialogue("I love this!", "negative", "meh", "neutral", "i love this");
    expect(await told([system(list), ...turns])).toBe("label_contradicted");
    const uneven = dialogue("I love this!", "Positive", "Great, thanks", "positive", glad);
    expect(await told([system(list), ...uneven])).toBe("label_format_unknown");
  });

  it("that show fewer labels than the instructions list leave the others to them", async () => {
    const turns = dialogue("I love this!", "positive", "This is awful", "negative");
    const question = user("When does the train leave?");
    expect(await told([system(list), ...turns, question])).toBe("neutral");
    expect(await told([system("Tell the sentiment."), ...turns, question])).toBe(
      "label_not_offered",
    );
  });
});

describe("labels that the model does not know", () => {
  it.each([
    "Classify the sentiment: positive, negative, neutral or mixed. One word.",
    "Classify the sentiment: positive, negative or neutral. If unclear, say unknown.",
    "Classify the sentiment: 1 star, positive, negative, neutral. One word.",
    "Klassifiziere das sentiment: positiv, negativ, neutral. Ein Wort.",
    "Classify the sentiment: positif, négatif ou neutre. Un mot.",
  ])("make every label doubtful: %s", async (prompt) => {
    expect(["label_foreign", "label_format_unknown"]).toContain(
      await told([system(prompt), user(glad)]),
    );
  });
});

describe("language", () => {
  const german = "Das ist wirklich das schlechteste Produkt und ich bin sehr enttäuscht";

  it.each([
    ["Which language? Answer with the ISO 639-1 code.", german, "de"],
    ["Which language: English, German or French? One word.", german, "German"],
    ["Which language: english, japanese? One word.", "注文した商品がまだ届きません", "japanese"],
    [
      "Which language: English, German? One word.",
      "where can I see the status of my order",
      "English",
    ],
    ["Which language: English, French? One word.", german, "label_not_offered"],
    ["Which language: English, German, Klingon? One word.", german, "label_foreign"],
    ["Which language is it?", german, "label_format_unknown"],
    ["Which language? ISO 639-1 code.", "ok gut", "label_unsure"],
    ["Which language? ISO 639-1 code.", "das ist gut und but I am not so sure", "label_unsure"],
  ])("%s %s", async (prompt, text, wanted) => {
    expect(await told([system(prompt), user(text)])).toBe(wanted);
  });
});

describe("labels of one's own, by examples", () => {
  const prompt = system("Tell the urgency: urgent or normal. One word.");

  it.each([
    ["the servers are down and customers are waiting!!", "urgent"],
    ["is there a discount for students?", "normal"],
    ["I like cheese", "label_unsure"],
  ])("%s: %s", async (text, wanted) => {
    expect(await told([prompt, user(text)])).toBe(wanted);
  });

  it("are offered by the application, and no others", async () => {
    const question = user("is there a discount for students?");
    expect(await told([system("urgency: urgent, normal or fraud. One word."), question])).toBe(
      "label_foreign",
    );
    const schema = {
      type: "object",
      properties: { u: { enum: ["Urgent", "Normal", "other"] } },
      required: ["u"],
      additionalProperties: false,
    };
    const format = { type: "json_schema", json_schema: { name: "x", schema } };
    expect(await told([system("urgency"), question], { response_format: format })).toBe(
      '{"u":"Normal"}',
    );
  });
});

describe("escalation", () => {
  const handover = "Should this customer be handed to a human? Reply YES or NO.";
  const triage = "Tell for the message: escalate or continue? One word.";

  it.each([
    [handover, "I want to speak to a manager", "YES"],
    [handover, "connect me with a real person please", "YES"],
    [triage, "How can I file a complaint?", "escalate"],
    [triage, "please transfer me to a human agent", "escalate"],
  ])("is told where it is asked for: %s %s", async (prompt, text, wanted) => {
    expect(await told([system(prompt), user(text)])).toBe(wanted);
  });

  it.each([
    "I do not want to speak to a manager",
    "did you speak to your manager?",
    "if this fails I want to talk to a person",
    "where is my order",
    "my sister is an agent for the company",
    "you are a joke, nothing works",
  ])("is never denied and never guessed: %s", async (text) => {
    expect(["label_unsure", "denied_by_policy"]).toContain(
      await told([system(handover), user(text)]),
    );
  });
});
