/** Older names of GenAI attributes, for backends that know no newer ones; used by call-trace. */
import type { Attributes } from "@opentelemetry/api";
import type { Naming } from "./trace-settings.ts";

/** Newest name -> that of version 1.36 of the conventions, the last before providers were renamed. */
const older: ReadonlyMap<string, string> = new Map([["gen_ai.provider.name", "gen_ai.system"]]);

/** What version 1.36 does not have. */
const newer: ReadonlySet<string> = new Set([
  "gen_ai.request.stream",
  "gen_ai.response.time_to_first_chunk",
  "gen_ai.usage.cache_read.input_tokens",
  "gen_ai.usage.cache_creation.input_tokens",
]);

/** The attributes under the names that are wanted. */
export function namedAs(naming: Naming, attributes: Attributes): Attributes {
  if (naming === "newest") return attributes;
  const renamed = Object.entries(attributes).flatMap(([name, value]) => {
    const old = older.get(name);
    if (old !== undefined) {
      const before = [old, value] as const;
      return naming === "both" ? [[name, value] as const, before] : [before];
    }
    return naming === "older" && newer.has(name) ? [] : [[name, value] as const];
  });
  return Object.fromEntries(renamed);
}
