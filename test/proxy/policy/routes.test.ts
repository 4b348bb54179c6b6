/** What a route's conditions and actions become, and which defaults keep an answering route from saying too much. */
import { describe, expect, test } from "vitest";
import type { Condition } from "../../../proxy/core/policy.ts";
import { policyOf, problemsOf, routeOf, routePolicy } from "./fixture.ts";

const NO_SYSTEM: Condition = { kind: "system", is: { kind: "none" } };
const FIRST_TURN: Condition = { kind: "turns", is: { op: "<=", value: 1 } };

const NAMES = `intents: { refund: [money back], hello: [hi] }
complexity: { keywords: { angry: [Furious, MAD] } }
targets: [{ name: small, provider: openai }]
`;

async function conditionsOf(when: string, action = "forward: {}"): Promise<readonly Condition[]> {
  const policy = await policyOf(NAMES + routePolicy(when, action));
  const { when: condition } = routeOf(policy, "only");
  return condition.kind === "all" ? condition.of : [];
}

const ANSWER = "answer: { template: Hi }";

describe("each condition", () => {
  test.each<[string, readonly Condition[]]>([
    ["{ task: faq }", [{ kind: "task", oneOf: ["faq"] }]],
    ["{ task: [faq, code] }", [{ kind: "task", oneOf: ["faq", "code"] }]],
    ["{ intent: refund }", [{ kind: "intent", oneOf: ["refund"] }]],
    ["{ sentiment: negative }", [{ kind: "sentiment", oneOf: ["negative"] }]],
    ["{ language: [EN, ja] }", [{ kind: "language", oneOf: ["en", "ja"] }]],
    ["{ keywords: angry }", [{ kind: "keywords", oneOf: ["angry"] }]],
    ["{ model: gpt-4o }", [{ kind: "model", oneOf: ["gpt-4o"] }]],
    ["{ protocol: openai-chat }", [{ kind: "protocol", oneOf: ["openai-chat"] }]],
    ["{ stream: true }", [{ kind: "stream", is: true }]],
    ["{ tools: false }", [{ kind: "tools", is: false }]],
    ["{ outage: true }", [{ kind: "outage", is: true }]],
    ['{ complexity: "<= 0.75" }', [{ kind: "complexity", is: { op: "<=", value: 0.75 } }]],
    ["{ in_scope: 0.5 }", [{ kind: "in_scope", is: { op: ">=", value: 0.5 } }]],
    ['{ difficulty: ">= 0.6" }', [{ kind: "difficulty", is: { op: ">=", value: 0.6 } }]],
    ['{ injection: "< 0.1" }', [{ kind: "injection", is: { op: "<", value: 0.1 } }]],
    ["{ turns: 1 }", [{ kind: "turns", is: { op: "=", value: 1 } }]],
    ['{ turns: "== 2" }', [{ kind: "turns", is: { op: "=", value: 2 } }]],
    ['{ length: "> 100" }', [{ kind: "length", is: { op: ">", value: 100 } }]],
    ["{ system: any }", [{ kind: "system", is: { kind: "any" } }]],
    ["{ system: none }", [NO_SYSTEM]],
    [
      "{ system: { contains: Acme } }",
      [{ kind: "system", is: { kind: "contains", text: "Acme" } }],
    ],
    [
      `{ system: { sha256: ${"AB".repeat(32)} } }`,
      [{ kind: "system", is: { kind: "sha256", hex: "ab".repeat(32) } }],
    ],
    [
      "{ system: [none, { contains: Acme }] }",
      [
        {
          kind: "any",
          of: [NO_SYSTEM, { kind: "system", is: { kind: "contains", text: "Acme" } }],
        },
      ],
    ],
    [
      "{ header: { X-App: Web, x-n: 3 } }",
      [
        { kind: "header", name: "x-app", value: "Web" },
        { kind: "header", name: "x-n", value: "3" },
      ],
    ],
    [
      "{ any: [{ task: faq }, { stream: true }] }",
      [
        {
          kind: "any",
          of: [
            { kind: "all", of: [{ kind: "task", oneOf: ["faq"] }] },
            { kind: "all", of: [{ kind: "stream", is: true }] },
          ],
        },
      ],
    ],
    [
      "{ not: { all: [{ tools: true }] } }",
      [
        {
          kind: "not",
          of: {
            kind: "all",
            of: [{ kind: "all", of: [{ kind: "all", of: [{ kind: "tools", is: true }] }] }],
          },
        },
      ],
    ],
    ["{}", []],
  ])("%s", async (when, conditions) => {
    expect(await conditionsOf(when)).toEqual(conditions);
  });

  test("text is a case-insensitive expression; several are alternatives", async () => {
    const [one] = await conditionsOf(String.raw`{ text: '\bREFUND\b' }`);
    expect(one?.kind === "text" && one.matches.test("a refund!")).toBe(true);
    expect(one?.kind === "text" && one.matches.test("refunds")).toBe(false);
    const [two] = await conditionsOf("{ text: [a, b] }");
    expect(two).toMatchObject({ kind: "any", of: [{ kind: "text" }, { kind: "text" }] });
  });

  test("cheap ones come first, so that a reason names them before the model is needed", async () => {
    const when = '{ complexity: "<= 0.5", confidence: 0.9, task: faq, text: x, stream: true }';
    const kinds = (await conditionsOf(when)).map((condition) => condition.kind);
    expect(kinds).toEqual(["stream", "text", "task", "confidence", "complexity"]);
  });

  test("keyword groups are kept in lower case", async () => {
    const policy = await policyOf(NAMES + routePolicy("{ keywords: angry }", "forward: {}"));
    expect(policy.keywords.get("angry")).toEqual(["furious", "mad"]);
  });
});

describe("confidence and max_wrong are about what the route names", () => {
  test.each([
    ["{ task: faq, confidence: 0.9 }", "task"],
    ["{ intent: refund, confidence: 0.9 }", "intent"],
    ["{ sentiment: positive, confidence: 0.9 }", "sentiment"],
    ["{ intent: refund, task: faq, confidence: 0.9 }", "intent"],
    ["{ confidence: 0.9 }", "task"],
    ["{ confidence: 0.9, any: [{ task: faq }, { intent: refund }] }", "intent"],
    ["{ confidence: 0.9, all: [{ sentiment: neutral }] }", "sentiment"],
  ])("%s: %s", async (when, of) => {
    const found = (await conditionsOf(when)).find((each) => each.kind === "confidence");
    expect(found).toEqual({ kind: "confidence", of, is: { op: ">=", value: 0.9 } });
  });

  test("an inner condition inherits what the outer one names", async () => {
    const [, any] = await conditionsOf(
      "{ intent: refund, any: [{ max_wrong: 1% }, { task: faq, max_wrong: 2% }] }",
    );
    expect(any).toMatchObject({
      of: [
        { of: [{ kind: "max_wrong", of: "intent", share: 0.01 }] },
        { of: [{ kind: "task" }, { kind: "max_wrong", of: "task", share: 0.02 }] },
      ],
    });
  });

  test("in a label's route they are about the label", async () => {
    const when = "{ header: { a: b }, confidence: 0.9 }";
    for (const head of ["task", "sentiment", "intent"] as const) {
      const conditions = await conditionsOf(when, `answer: { label: ${head} }`);
      expect(conditions.at(-1)).toMatchObject({ kind: "confidence", of: head });
    }
    const named = await conditionsOf(
      "{ task: faq, confidence: 0.9 }",
      "answer: { label: sentiment }",
    );
    expect(named.at(-1)).toMatchObject({ kind: "confidence", of: "task" });
  });
});

describe("an answering route", () => {
  test("takes only first turns of calls without a system prompt, unless it says otherwise", async () => {
    expect(await conditionsOf("{ task: faq }", ANSWER)).toEqual([
      NO_SYSTEM,
      FIRST_TURN,
      { kind: "task", oneOf: ["faq"] },
    ]);
  });

  test("keeps what it says of turns and system prompts, and forwarding routes get no defaults", async () => {
    const when = '{ turns: "<= 3", system: any, task: faq }';
    expect((await conditionsOf(when, ANSWER)).map(({ kind }) => kind)).toEqual([
      "system",
      "turns",
      "task",
    ]);
    expect((await conditionsOf("{ task: faq }")).map(({ kind }) => kind)).toEqual(["task"]);
    const refusing = await conditionsOf("{ task: faq }", "refuse: {}");
    expect(refusing.map(({ kind }) => kind)).toEqual(["task"]);
  });

  test("gets the defaults on each way through it that says nothing", async () => {
    const when = "{ turns: 1, any: [{ task: faq, system: any }, { intent: refund }] }";
    expect(await conditionsOf(when, ANSWER)).toEqual([
      { kind: "turns", is: { op: "=", value: 1 } },
      {
        kind: "any",
        of: [
          {
            kind: "all",
            of: [
              { kind: "system", is: { kind: "any" } },
              { kind: "task", oneOf: ["faq"] },
            ],
          },
          { kind: "all", of: [NO_SYSTEM, { kind: "intent", oneOf: ["refund"] }] },
        ],
      },
    ]);
  });

  test("is guarded once by what an inner list says", async () => {
    const when = "{ task: faq, all: [{ stream: true }, { system: any }, { turns: 2 }] }";
    const conditions = await conditionsOf(when, ANSWER);
    expect(conditions.map(({ kind }) => kind)).toEqual(["task", "all"]);
  });

  test("may bound its turns by a not, but must list its system prompts", async () => {
    const turns = await conditionsOf('{ task: faq, not: { turns: "> 3" } }', ANSWER);
    expect(turns.map(({ kind }) => kind)).toEqual(["system", "task", "not"]);
    expect(await problemsOf(routePolicy("{ task: faq, not: { system: none } }"))).toEqual([
      "3:11 `system` inside `not` lists no system prompt; say outside of it which system prompts the call may have",
    ]);
    const both = await conditionsOf("{ task: faq, system: any, not: { system: none } }", ANSWER);
    expect(both.map(({ kind }) => kind)).toEqual(["turns", "system", "task", "not"]);
  });

  test.each([
    "{}",
    "{ system: any }",
    "{ system: { contains: a } }",
    '{ turns: "<= 9" }',
    "{ language: en }",
    "{ outage: false }",
    "{ text: '.*' }",
    "{ text: [hi, 'x?'] }",
    "{ not: { task: faq } }",
    "{ any: [{ task: faq }, { language: en }] }",
    '{ confidence: 0.9, complexity: "<= 1", in_scope: 0.5 }',
  ])("with a template is refused if it would answer everything: %s", async (when) => {
    const [line, ...more] = await problemsOf(routePolicy(when));
    expect(line).toMatch(/^3:11 this would answer every call; narrow it down by one of `task`, /);
    expect(more).toEqual([]);
  });

  test("without any conditions is refused at the route", async () => {
    const [line] = await problemsOf("routes: [{ name: a, answer: { template: Hi } }]\n");
    expect(line).toMatch(/^1:10 this would answer every call/);
  });

  test.each([
    "{ task: faq }",
    "{ sentiment: negative }",
    "{ outage: true }",
    "{ header: { x-greet: '*' } }",
    "{ model: greeter }",
    "{ text: hello }",
    "{ any: [{ task: faq }, { all: [{ text: hello }] }] }",
  ])("with a template is fine once it is narrowed down: %s", async (when) => {
    expect(await problemsOf(routePolicy(when))).toEqual([]);
  });

  test("with a label may be narrowed down by its system prompt alone, with a FAQ by nothing", async () => {
    const label = "answer: { label: sentiment }";
    expect(await problemsOf(routePolicy("{ system: { contains: Classify } }", label))).toEqual([]);
    expect(await problemsOf(routePolicy("{ system: any }", label))).toHaveLength(1);
    const faq = { "faq.yaml": "- { q: Who?, answer: Us. }\n" };
    expect(await problemsOf(routePolicy("{}", "answer: { faq: faq.yaml }"), faq)).toEqual([]);
  });
});

describe("actions", () => {
  test("forward sends to a target, or on as it is", async () => {
    for (const action of ["forward: {}", "forward:"]) {
      const policy = await policyOf(NAMES + routePolicy("{}", action));
      expect(routeOf(policy, "only")).toMatchObject({
        action: { kind: "forward", target: null },
        mode: null,
        cache: null,
      });
    }
    const policy = await policyOf(NAMES + routePolicy("{}", "forward: { target: small }"));
    expect(routeOf(policy, "only").action).toEqual({ kind: "forward", target: "small" });
  });

  test("refuse has a status and a message", async () => {
    const plain = await policyOf(routePolicy("{}", "refuse: {}"));
    expect(routeOf(plain, "only").action).toEqual({
      kind: "refuse",
      status: 403,
      message: "The policy refuses this call.",
    });
    const own = await policyOf(routePolicy("{}", "refuse: { status: 429, message: Later. }"));
    expect(routeOf(own, "only").action).toEqual({ kind: "refuse", status: 429, message: "Later." });
  });

  test("a template is one text or one for each language, with slots", async () => {
    const one = await policyOf(routePolicy("{ task: faq }", "answer: { template: Hi }"));
    const { action } = routeOf(one, "only");
    expect(
      action.kind === "answer" && action.answer.kind === "template" && [...action.answer.texts],
    ).toEqual([["*", "Hi"]]);
    const spec = String.raw`answer: { template: { en: "Order {no}", pt: "{no}" }, slots: { no: '#(\d+)' } }`;
    const two = routeOf(await policyOf(routePolicy("{ task: faq }", spec)), "only").action;
    if (two.kind !== "answer" || two.answer.kind !== "template") throw new Error("no template");
    expect([...two.answer.texts.keys()]).toEqual(["en", "pt"]);
    expect(two.answer.slots.get("no")?.exec("order #12 please")?.[1]).toBe("12");
  });

  test("a FAQ takes the route's confidence and max_wrong as its own, unless it has its own", async () => {
    const faq = { "faq.yaml": "- { q: Who?, answer: Us. }\n" };
    const when = '{ task: faq, confidence: ">= 0.7", max_wrong: 0.5% }';
    const plain = routeOf(
      await policyOf(routePolicy(when, "answer: { faq: faq.yaml }"), faq),
      "only",
    );
    expect(plain).toMatchObject({
      action: {
        answer: {
          kind: "faq",
          file: "faq.yaml",
          maxWrong: 0.005,
          confidence: { op: ">=", value: 0.7 },
        },
      },
      when: { of: [NO_SYSTEM, FIRST_TURN, { kind: "task" }] },
    });
    const own = "answer: { faq: faq.yaml, max_wrong: 2%, confidence: 0.6 }";
    const both = routeOf(await policyOf(routePolicy(when, own), faq), "only");
    expect(both).toMatchObject({
      action: { answer: { maxWrong: 0.02, confidence: { op: ">=", value: 0.6 } } },
      when: {
        of: [
          NO_SYSTEM,
          FIRST_TURN,
          { kind: "task" },
          { kind: "confidence" },
          { kind: "max_wrong", share: 0.005 },
        ],
      },
    });
    const none = routeOf(
      await policyOf(routePolicy("{}", "answer: { faq: faq.yaml }"), faq),
      "only",
    );
    expect(none).toMatchObject({ action: { answer: { maxWrong: null, confidence: null } } });
  });

  test("a FAQ's confidence is one from below, wherever it is written", async () => {
    const faq = { "faq.yaml": "- { q: Who?, answer: Us. }\n" };
    const text = routePolicy('{ confidence: "<= 0.9" }', "answer: { faq: faq.yaml }");
    expect(await problemsOf(text, faq)).toEqual([
      '3:25 a least confidence is written ">= 0.90" or "> 0.90"',
    ]);
  });

  test("a label has a head, a confidence, and the application's words", async () => {
    const when = "{ text: x }";
    const plain = routeOf(
      await policyOf(routePolicy(when, "answer: { label: sentiment }")),
      "only",
    ).action;
    expect(plain).toMatchObject({
      answer: {
        kind: "label",
        head: "sentiment",
        confidence: { op: ">=", value: 0.9 },
        format: null,
        after: null,
      },
    });
    const spec = `answer: { label: intent, confidence: "> 0.8", labels: { refund: 1, hello: true }, format: "<{label}>", after: "Text:" }`;
    const own = routeOf(await policyOf(NAMES + routePolicy(when, spec)), "only").action;
    if (own.kind !== "answer" || own.answer.kind !== "label") throw new Error("no label");
    expect(own.answer).toMatchObject({
      confidence: { op: ">", value: 0.8 },
      format: "<{label}>",
      after: "Text:",
    });
    expect([...own.answer.labels]).toEqual([
      ["refund", "1"],
      ["hello", "true"],
    ]);
  });

  test("a route's mode and cache are its own; what the cache leaves out is the policy's", async () => {
    const text = `cache: { mode: exact, scope: user, identity: header X-User, ttl: 5m }
routes:
  - { name: a, mode: observe, forward: {}, cache: { scope: global } }
  - { name: b, forward: {}, cache: off }
`;
    const policy = await policyOf(text);
    const identity = { kind: "header", name: "x-user" };
    expect(policy.cache).toEqual({
      mode: "exact",
      scope: "user",
      identity,
      ttlMs: 300_000,
      tools: false,
    });
    expect(routeOf(policy, "a")).toMatchObject({
      mode: "observe",
      cache: { ...policy.cache, scope: "global" },
    });
    expect(routeOf(policy, "b").cache).toEqual({ ...policy.cache, mode: "off" });
  });
});
