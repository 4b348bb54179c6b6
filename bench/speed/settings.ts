/** The bench's command line: flags to settings, and the text of `--help`. */
import { parseArgs } from "node:util";
import { orUsageError, UsageError } from "../usage.ts";

export interface Settings {
  /** Names of the parts to run; empty means all. */
  readonly parts: readonly string[];
  /** How often every contender has its turn. */
  readonly rounds: number;
  /** Length of one measurement. */
  readonly seconds: number;
  /** Load before the first measurement of a contender. */
  readonly warmSeconds: number;
  /** Fewer and smaller measurements, to see that everything works. */
  readonly isQuick: boolean;
  /** How long the footprint stands under load. */
  readonly loadSeconds: number;
  /** The replay's rows. */
  readonly replayFile: string;
  /** Where the results go. */
  readonly folder: string | null;
  /** Put under the title of the results: what a reader must know of the machine. */
  readonly note: string | null;
}

/** The text of `--help`, with the parts as they are. */
export function helpText(
  parts: readonly { readonly name: string; readonly about: string }[],
): string {
  const lines = parts.map(({ name, about }) => `  ${name.padEnd(12)}${about}`);
  return `Usage: npm run bench -- [PART ...] [options]

Compares Sidestep with the direct way, nginx, the least relay in Node, Portkey's gateway and LiteLLM's
proxy, all in one run and in turn, and writes figures with their spread. bench/speed/README.md says how
to read them.

Parts (all when none is named):
${lines.join("\n")}

  --rounds N         how often every contender has its turn           [3]
  --seconds N        length of one measurement                        [1]
  --quick            one round of one second, fewer sizes: to see that everything works
  --load-seconds N   how long the footprint stands under load         [5]
  --replay FILE      the recorded traffic     [../shared/data/replay_dev.jsonl.gz]
  --out FOLDER       where the results go  [bench/results, bench/results/tmp when not all ran in full]
  --note TEXT        put under the results' title
  --help

Exit codes: 0 done, 1 could not run, 2 wrong use. A target that is missed is shown, not an error.
`;
}

/** Null asks for help; throws UsageError. */
export function readSettings(args: readonly string[], known: readonly string[]): Settings | null {
  const { values, positionals } = orUsageError(() => parse(args));
  if (values.help) return null;
  const unknown = positionals.find((name) => !known.includes(name));
  if (unknown !== undefined) {
    throw new UsageError(`there is no part "${unknown}"; there are ${known.join(", ")}`);
  }
  return { ...sizes(values), parts: positionals, note: values.note ?? null };
}

type Given = ReturnType<typeof parse>["values"];

function sizes(values: Given): Omit<Settings, "parts" | "note"> {
  const isQuick = values.quick ?? false;
  const usual = isQuick ? quick : full;
  const seconds = whole("seconds", values.seconds ?? usual.seconds);
  return {
    rounds: whole("rounds", values.rounds ?? usual.rounds),
    seconds,
    warmSeconds: isQuick ? 1 : Math.max(2, seconds),
    isQuick,
    loadSeconds: whole("load-seconds", values["load-seconds"] ?? usual.loadSeconds),
    replayFile: values.replay,
    folder: values.out ?? null,
  };
}

const full = { seconds: "1", rounds: "3", loadSeconds: "5" };
const quick = { seconds: "1", rounds: "1", loadSeconds: "2" };

// The options stand here alone so that the types of their values follow from them.
function parse(args: readonly string[]) {
  return parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      rounds: { type: "string" },
      seconds: { type: "string" },
      quick: { type: "boolean", default: false },
      "load-seconds": { type: "string" },
      replay: { type: "string", default: "../shared/data/replay_dev.jsonl.gz" },
      out: { type: "string" },
      note: { type: "string" },
      help: { type: "boolean", default: false },
    },
  });
}

function whole(name: string, text: string): number {
  const value = Number(text);
  if (!/^\d+$/u.test(text) || value < 1) {
    throw new UsageError(`--${name} "${text}" is no whole number from 1 on`);
  }
  return value;
}
