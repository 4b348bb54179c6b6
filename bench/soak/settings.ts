/** The soak's command line: flags to settings, and the text of `--help`. */

import { parseArgs } from "node:util";
import { orUsageError, UsageError } from "../usage.ts";

export interface Settings {
  /** Rows of the replay, with their arrivals. */
  readonly file: string;
  readonly minutes: number;
  /** How many times faster than recorded calls arrive. */
  readonly speed: number;
  /** Decides which calls meet a fault, and which callers leave. */
  readonly seed: number;
  readonly reloadSeconds: number;
  /** Share of calls that the provider fails in some way. */
  readonly faults: number;
  /** Share of callers that leave before the end. */
  readonly aborts: number;
  /** The local model: a bundled name, a folder, or `null` for none. */
  readonly artefact: string;
  /** Rounds of SIGTERM under open streams; 0 leaves them out. */
  readonly stops: number;
  readonly streams: number;
  readonly json: boolean;
}

export const HELP = `Usage: npm run soak -- [FILE] [options]

Plays the replay's calls at their recorded arrivals, many times faster, through a running sidecar in
front of an upstream that fails by seed, while the policy is reloaded and callers leave; checks every
byte in both directions, and reports whether memory grows.

  FILE                 JSON lines, gzipped or plain  [../shared/data/replay_dev.jsonl.gz]
  --minutes N          how long to play                                        [30]
  --speed N            times faster than recorded                              [20]
  --seed N             decides faults, aborts and pieces                       [1]
  --reload SECONDS     time between two reloads                                [5]
  --faults SHARE       calls that the upstream fails in some way               [0.05]
  --aborts SHARE       callers that leave before the end                       [0.03]
  --artefact NAME      the local model, or "null" for none                     [support-v1]
  --stops N            then N times SIGTERM under open streams                 [0]
  --streams N          how many streams are open each time                     [1000]
  --json               figures as JSON on standard output
  --help

Exit codes: 0 nothing wrong, 1 wrong bytes, unexplained errors, calls without a record or cut streams,
2 wrong use.
`;

/** Null asks for help; throws UsageError. */
export function readSettings(args: readonly string[]): Settings | null {
  const { values, positionals } = orUsageError(() => parse(args));
  if (values.help) return null;
  const [file = "../shared/data/replay_dev.jsonl.gz", ...others] = positionals;
  if (others.length > 0) throw new UsageError("one FILE is wanted");
  return {
    file,
    minutes: amount("minutes", values.minutes),
    speed: amount("speed", values.speed),
    seed: amount("seed", values.seed),
    reloadSeconds: amount("reload", values.reload),
    faults: amount("faults", values.faults),
    aborts: amount("aborts", values.aborts),
    artefact: values.artefact,
    stops: amount("stops", values.stops),
    streams: amount("streams", values.streams),
    json: values.json,
  };
}

// The options stand here alone so that the types of their values follow from them.
function parse(args: readonly string[]) {
  return parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      minutes: { type: "string", default: "30" },
      speed: { type: "string", default: "20" },
      seed: { type: "string", default: "1" },
      reload: { type: "string", default: "5" },
      faults: { type: "string", default: "0.05" },
      aborts: { type: "string", default: "0.03" },
      artefact: { type: "string", default: "support-v1" },
      stops: { type: "string", default: "0" },
      streams: { type: "string", default: "1000" },
      json: { type: "boolean", default: false },
      help: { type: "boolean", default: false },
    },
  });
}

function amount(name: string, text: string): number {
  const value = Number(text);
  if (text.trim() === "" || !Number.isFinite(value) || value < 0) {
    throw new UsageError(`--${name} "${text}" is no number from 0 on`);
  }
  return value;
}
