/** The calls and replies that are measured with: shaped and sized as an official client and its provider send them. */

export const chatPath = "/v1/chat/completions";

/** The lines of the official OpenAI client for Node, in its order. */
export const clientHeaders: Readonly<Record<string, string>> = {
  accept: "application/json",
  "content-type": "application/json",
  "user-agent": "OpenAI/JS 7.55.0",
  "x-stainless-arch": "x64",
  "x-stainless-lang": "js",
  "x-stainless-os": "Linux",
  "x-stainless-package-version": "7.55.0",
  "x-stainless-retry-count": "0",
  "x-stainless-runtime": "node",
  "x-stainless-runtime-version": "v24.11.0",
  authorization: "Bearer sk-bench-0123456789abcdef0123456789abcdef",
};

const systemPrompt =
  "You are the planning assistant of a logistics company. Answer in short paragraphs, name the " +
  "assumptions that you make, give figures with their units, and say so when a figure is a guess. " +
  "Do not repeat the question. If the question can not be answered with what is given, ask for " +
  "the one thing that is missing most.";

const question =
  "Compare leasing and buying a delivery van over five years for a bakery that drives 60 km a day, " +
  "six days a week, in a town with a low-emission zone. Take fuel, insurance, maintenance, tax and " +
  "the value that is left into account, and say at which mileage the answer would change. The " +
  "bakery has 20,000 in cash and would rather keep half of it. Two drivers share the van.";

/** A call of about 1 KB that no route answers. */
export function chatCall(
  options: { readonly stream?: boolean; readonly text?: string } = {},
): string {
  return JSON.stringify({
    model: "gpt-4o-mini",
    messages: [
      { role: "system", content: systemPrompt },
      { role: "user", content: options.text ?? question },
    ],
    temperature: 0.2,
    max_tokens: 400,
    user: "driver-planning-17",
    ...(options.stream === true ? { stream: true } : {}),
  });
}

/** A call of one user turn and nothing else. */
export function plainCall(text: string, system: string | null = null): string {
  const turns = [{ role: "user", content: text }];
  const messages = system === null ? turns : [{ role: "system", content: system }, ...turns];
  return JSON.stringify({ model: "gpt-4o-mini", messages });
}

const answer =
  "Over five years buying is cheaper as long as the van is kept. Assumptions: 18,700 km a year, 8 " +
  "litres per 100 km, 1.70 a litre, a van of 32,000 new.\n\nBuying: 32,000 less about 11,000 that " +
  "are left after five years, 7,500 for insurance, 5,000 for maintenance and tyres, 1,200 tax, " +
  "12,700 fuel: about 47,400 in all, or 0.51 per km. With half of the cash as a deposit and the " +
  "rest at 5 % interest, add about 3,000.\n\nLeasing: 420 a month is 25,200, the same insurance, " +
  "maintenance mostly included, the same fuel: about 47,900, and nothing is left at the end. " +
  "It saves the cash and the risk that a stricter zone lowers the value that is left.\n\nThe " +
  "answer changes at about 25,000 km a year, where leases charge for the distance above the " +
  "agreement.";

/** The provider's reply to a chat call, about 1.5 KB. */
export function chatReply(): string {
  return JSON.stringify({
    id: "chatcmpl-BqT4v0lVv1x2sQdJ6tC9yZkHrWm3a",
    object: "chat.completion",
    created: 1_795_255_971,
    model: "gpt-4o-mini-2024-07-18",
    choices: [
      {
        index: 0,
        message: { role: "assistant", content: answer, refusal: null, annotations: [] },
        logprobs: null,
        finish_reason: "stop",
      },
    ],
    usage: {
      prompt_tokens: 176,
      completion_tokens: 229,
      total_tokens: 405,
      prompt_tokens_details: { cached_tokens: 0, audio_tokens: 0 },
      completion_tokens_details: { reasoning_tokens: 0, audio_tokens: 0 },
    },
    service_tier: "default",
    system_fingerprint: "fp_0392822090",
  });
}

/** What the provider's replies carry besides content type and length. */
export const providerHeaders: Readonly<Record<string, string>> = {
  "x-request-id": "req_0f6d9c0f4b8e4f0f9a4d8f0b2b3e4c5d",
  "openai-organization": "org-bench",
  "openai-processing-ms": "412",
  "openai-version": "2020-10-01",
  "x-ratelimit-limit-requests": "10000",
  "x-ratelimit-limit-tokens": "2000000",
  "x-ratelimit-remaining-requests": "9999",
  "x-ratelimit-remaining-tokens": "1999500",
  "x-ratelimit-reset-requests": "6ms",
  "x-ratelimit-reset-tokens": "15ms",
};

/** One streamed chunk of a token or so, without what ends the event. */
export function chatChunk(content: string): string {
  return JSON.stringify({
    id: "chatcmpl-BqT4v0lVv1x2sQdJ6tC9yZkHrWm3a",
    object: "chat.completion.chunk",
    created: 1_795_255_971,
    model: "gpt-4o-mini-2024-07-18",
    service_tier: "default",
    system_fingerprint: "fp_0392822090",
    choices: [{ index: 0, delta: { content }, logprobs: null, finish_reason: null }],
  });
}
