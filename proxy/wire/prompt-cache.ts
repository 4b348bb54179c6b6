/** A provider's count of tokens with what its prompt cache had or took of them; the protocols' tallies make theirs with it. */
import type { PromptCacheUsage, Usage } from "../core/decision.ts";

/**
 * The usage as the provider counted it. More in the cache than was read at all is a mistake of the provider's, and
 * costs would be below zero: then nothing is said of the cache.
 */
export function countedUsage(
  tokens: Pick<Usage, "inputTokens" | "outputTokens">,
  promptCache: PromptCacheUsage,
): Usage {
  const { readTokens, writtenTokens, hourTokens } = promptCache;
  const all = readTokens + writtenTokens;
  const isSound = all > 0 && all <= tokens.inputTokens && hourTokens <= writtenTokens;
  return { ...tokens, isEstimate: false, ...(isSound ? { promptCache } : {}) };
}
