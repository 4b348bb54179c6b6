/** The closed words of the policy language; schema, checks and the reference read them from here. */

/** Labels of the model's task head. */
export const TASKS = [
  "greeting",
  "faq",
  "order_status",
  "product_search",
  "recommendation",
  "comparison",
  "translation",
  "summarization",
  "math",
  "code",
  "creative",
  "discussion",
  "other",
] as const;

/** Labels of the model's sentiment head. */
export const SENTIMENTS = ["negative", "neutral", "positive"] as const;

/** Labels of the escalation rule, which only ever gives the first. */
export const ESCALATIONS = ["escalate", "continue"] as const;

/** What a label answer may be read from. */
export const LABEL_HEADS = ["task", "sentiment", "intent", "language", "escalation"] as const;

/** Protocols that are read. */
export const PROTOCOLS = ["openai-chat", "anthropic-messages"] as const;

/** Signals that complexity weighs. */
export const COMPLEXITY_SIGNALS = [
  "length",
  "syntax",
  "uncertainty",
  "emotion",
  "difficulty",
  "keywords",
] as const;

/** Body parameters that make up a call; a target must not replace them. */
export const CALL_PARAMS: ReadonlySet<string> = new Set([
  "model",
  "messages",
  "system",
  "stream",
  "stream_options",
  "tools",
  "tool_choice",
  "functions",
  "function_call",
  "response_format",
  "n",
]);
