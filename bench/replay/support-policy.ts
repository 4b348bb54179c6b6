/** Writes the support policy that the replay runs under: what a desk's owner would write, from the drawn sentences. */

import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { stringify } from "yaml";
import { cachingRoutes, OWN } from "./caching-routes.ts";
import type { RouteText } from "./caching-routes.ts";
import type { Item } from "./sentences.ts";

export const SYSTEM_PROMPT: string =
  "You are the support assistant of Acme. Answer customers' questions briefly and kindly.";

export interface PolicyOptions {
  readonly items: readonly Item[];
  /** Base URL of the cloud, without `/v1`. */
  readonly cloudUrl: string;
  /** Bundled model's name or a folder. */
  readonly model: string;
  /** Share wrong that a route accepts, such as `0.5%`. */
  readonly maxWrong: string;
  readonly cache: boolean;
  /** Replies that are kept at most; 100,000 unless given. */
  readonly keptReplies?: number;
}

const ENTITY_FILE = "places.faq.yaml";
const REST = { name: "everything-else", forward: {} };
const SYSTEM = { contains: "support assistant of Acme" };

/** Writes a policy folder; every answer is the item's own name, so that right or wrong is exact. */
export async function writePolicy(folder: string, options: PolicyOptions): Promise<void> {
  await mkdir(folder, { recursive: true });
  const entities = options.items.filter((item) => item.class === "faq_entity");
  const intents = options.items.filter((item) => item.class !== "faq_entity");
  const faq = entities.map((item, index) => ({
    id: `place-${index}`,
    questions: item.sentences,
    answer: item.name,
  }));
  if (faq.length > 0) await writeFile(join(folder, ENTITY_FILE), stringify(faq));
  const policy = {
    version: 1,
    mode: "enforce",
    model: options.model,
    providers: { openai: { url: `${options.cloudUrl}/v1` } },
    // Far above what a decision takes: a busy machine must not change the figures.
    cache: { mode: "off", max_entries: options.keptReplies ?? 100_000, max_bytes: "512MiB" },
    limits: { decision: "2s", queue: 1000 },
    intents: Object.fromEntries(
      intents.map((item, at) => [nameOf(at), { examples: item.sentences }]),
    ),
    routes: [
      ...intentRoutes(intents, faq.length > 0, options),
      ...(options.cache ? cachingRoutes() : []),
      REST,
    ],
  };
  await writeFile(join(folder, "policy.yaml"), stringify(policy));
}

function nameOf(index: number): string {
  return `intent-${index}`;
}

function intentRoutes(
  intents: readonly Item[],
  hasPlaces: boolean,
  options: PolicyOptions,
): readonly RouteText[] {
  const places = {
    name: "places",
    when: { system: SYSTEM },
    answer: { faq: ENTITY_FILE, max_wrong: options.maxWrong },
  };
  const routes = intents.map((item, at) => {
    const when = { intent: nameOf(at), max_wrong: options.maxWrong, system: SYSTEM };
    const name = nameOf(at);
    if (!item.isOwn) return { name, when, answer: { template: item.name } };
    return { name, when, forward: {}, ...(options.cache && { cache: OWN }) };
  });
  return hasPlaces ? [places, ...routes] : routes;
}
