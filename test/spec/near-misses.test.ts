/** What an intent does not mean (`not`), over real HTTP with the shipped model: near misses listed there, and their like, reach the cloud. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { stringify } from "yaml";
import { createSimulatedCloud, type SimulatedCloud } from "../../examples/simulated-cloud/cloud.ts";
import { startSidecar, type Sidecar } from "../support/sidecar.ts";

const intents = {
  cancel_order: {
    examples: [
      "cancel my order",
      "I want to cancel an order",
      "please cancel the order I placed",
      "how do I cancel an order",
      "I need to stop my order",
    ],
    not: ["cancel my subscription", "I want to cancel my account", "cancel my membership"],
  },
  refund_policy: {
    examples: [
      "how do refunds work",
      "can I get my money back",
      "do you give refunds",
      "what is your refund policy",
      "am I able to get a refund",
    ],
    not: ["where is my refund", "my refund has not arrived", "when will I get my refund"],
  },
};

const nearMisses = [
  "how can I cancel my subscription",
  "I would like to cancel my subscription",
  "how do I cancel a membership",
  "where's my refund",
  "when do I get my refund",
  "has my refund been sent",
];

const meant = [
  ["how can I cancel my order", "cancel_order"],
  ["can you cancel the order for me", "cancel_order"],
  ["can I have my money back", "refund_policy"],
  ["do you do refunds", "refund_policy"],
] as const;

let cloud: SimulatedCloud;
/** The same policy without and with its `not` sentences. */
let unwarned: Sidecar;
let warned: Sidecar;

beforeAll(async () => {
  cloud = await createSimulatedCloud({ ttftMs: 1, tokensPerSecond: 0 });
  const bare = Object.entries(intents).map(([name, { examples }]) => [name, examples]);
  unwarned = await startSidecar({ policy: policyOf(Object.fromEntries(bare)) });
  warned = await startSidecar({ policy: policyOf(intents) });
});

afterAll(async () => {
  await unwarned?.stop();
  await warned?.stop();
  await cloud?.close();
});

function policyOf(taught: unknown): string {
  const routes = Object.keys(intents).map((name) => ({
    name,
    when: { intent: name, max_wrong: "2.5%" },
    answer: { template: `About ${name}.` },
  }));
  return stringify({
    version: 1,
    model: "support-v1",
    providers: { openai: { url: `${cloud.url}/v1` } },
    limits: { decision: "2s" },
    intents: taught,
    routes: [...routes, { name: "rest", forward: {} }],
  });
}

async function routeOf(sidecar: Sidecar, text: string): Promise<string | null> {
  const reply = await fetch(`${sidecar.url}/v1/chat/completions`, {
    method: "POST",
    headers: { "content-type": "application/json", authorization: "Bearer sk-test" },
    body: JSON.stringify({ model: "gpt-4o-mini", messages: [{ role: "user", content: text }] }),
  });
  expect(reply.status).toBe(200);
  await reply.text();
  return reply.headers.get("x-sidestep-route");
}

describe("a near miss", () => {
  it.each(nearMisses)("%s", async (text) => {
    expect(await routeOf(warned, text)).toBe("rest");
    // Only the sentences under `not` keep it from being answered.
    expect(await routeOf(unwarned, text)).not.toBe("rest");
  });

  it.each(Object.values(intents).flatMap(({ not }) => not))("%s, word for word", async (text) => {
    expect(await routeOf(warned, text)).toBe("rest");
  });
});

describe("what is meant is answered all the same", () => {
  it.each(meant)("%s", async (text, route) => {
    expect(await routeOf(warned, text)).toBe(route);
  });
});
