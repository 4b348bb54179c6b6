/** The rule files that are shipped, and the same with windows short enough for a test. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import * as v from "valibot";
import { parse } from "yaml";

const folder = join(import.meta.dirname, "../../charts/sidestep/rules");

/** The shipped rule files. */
export const ruleFiles: readonly string[] = ["recording.yaml", "alerts.yaml"].map((name) =>
  join(folder, name),
);

/** Their texts. */
export const shippedRules: readonly string[] = ruleFiles.map((file) => readFileSync(file, "utf8"));

/** A rule as it is shipped. */
export interface ShippedRule {
  readonly alert?: string | undefined;
  readonly record?: string | undefined;
  readonly expr: string;
  readonly annotations?: Readonly<Record<string, string>> | undefined;
}

const words = v.record(v.string(), v.string());
const rule = v.object({
  alert: v.optional(v.string()),
  record: v.optional(v.string()),
  expr: v.string(),
  annotations: v.optional(words),
});
const ruleFile = v.object({ groups: v.array(v.object({ rules: v.array(rule) })) });

/** All rules, in the order of the files. */
export function rulesIn(texts: readonly string[]): readonly ShippedRule[] {
  const parsed = texts.map((text) => v.parse(ruleFile, parse(text)));
  return parsed.flatMap((file) => file.groups.flatMap((group) => group.rules));
}

const seconds: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3600, d: 86_400 };

/** A minute becomes a second, and nothing is longer than this many. */
const mostSeconds = 15;

/** The same rules, with every range and every `for` shorter; nothing else of them changes. */
export function shortened(text: string): string {
  return text
    .replaceAll(/\[(\d+)([smhd])\]/g, (_all, count, unit) => `[${short(count, unit)}]`)
    .replaceAll(/^( *for: )(\d+)([smhd])$/gm, (_all, key, count, unit) => key + short(count, unit));
}

function short(count: string, unit: string): string {
  return `${Math.min(mostSeconds, (Number(count) * (seconds[unit] ?? 1)) / 60)}s`;
}
