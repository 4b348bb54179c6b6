/** The replay's command line: flags to settings, and the text of `--help`. */

import { parseArgs } from "node:util";
import { orUsageError, UsageError } from "../usage.ts";

export interface Settings {
  readonly file: string;
  /** Rows to send, from the first on; 0 means all. */
  readonly limit: number;
  /** Decides which sentences the policy gets. */
  readonly seed: number;
  readonly concurrency: number;
  readonly maxWrong: string;
  readonly cache: boolean;
  /** The local model: a bundled name or a folder. */
  readonly artefact: string;
  /** The model the calls ask for, whose list price counts. */
  readonly model: string;
  /** Where wrong and leaked rows go. */
  readonly wrongFile: string;
  /** Where every row with its decision goes; null for nowhere. */
  readonly rowsFile: string | null;
  /** Where the policy is written and left; null for a temporary folder. */
  readonly policyFolder: string | null;
  readonly json: boolean;
}

export const HELP = `Usage: npm run replay -- FILE [options]

Sends recorded support traffic through a running sidecar in front of a simulated cloud whose answers
name the item, so that right or wrong is exact, and reports how much was answered without the cloud.

  FILE                 JSON lines, gzipped or plain: id, user, class, item, scope, kind, text,
                       azure_in, azure_out
  --limit N            only the first N rows                               [all]
  --seed N             decides which sentences the policy gets             [1]
  --concurrency N      calls under way at one time                         [4]
  --max-wrong PERCENT  what each answering route accepts                 [2.5%]
  --no-cache           the policy alone
  --artefact NAME      the local model: a bundled name or a folder         [support-v1]
  --model NAME         the model that calls ask for, whose price counts    [gpt-4o-mini]
  --wrong FILE         where wrong and leaked rows go                      [replay-wrong.jsonl]
  --rows FILE          where every row goes with its decision
  --policy FOLDER      write the policy here and leave it
  --json               figures as JSON on standard output
  --help

Groups: all rows; unseen rows, whose text, normalised, is no sentence of the policy; the answerable
ones among them; each class. A row of scope none that the pod answers is wrong; a user's own answer
that another user gets is a leak.

Exit codes: 0 done, 1 could not run or calls failed, 2 wrong use, 3 a private answer leaked.
`;

/** Null asks for help; throws UsageError. */
export function readSettings(args: readonly string[]): Settings | null {
  const { values, positionals } = orUsageError(() => parse(args));
  if (values.help) return null;
  const [file, ...others] = positionals;
  if (file === undefined || others.length > 0) throw new UsageError("one FILE is wanted");
  if (!/^\d+(?:\.\d+)?%$/u.test(values["max-wrong"])) {
    throw new UsageError(`--max-wrong "${values["max-wrong"]}" is no share such as 0.5%`);
  }
  return {
    file,
    limit: whole("limit", values.limit, 0),
    seed: whole("seed", values.seed, 0),
    concurrency: whole("concurrency", values.concurrency, 1),
    maxWrong: values["max-wrong"],
    cache: !values["no-cache"],
    artefact: values.artefact,
    model: values.model,
    wrongFile: values.wrong,
    rowsFile: values.rows ?? null,
    policyFolder: values.policy ?? null,
    json: values.json,
  };
}

// The options stand here alone so that the types of their values follow from them.
function parse(args: readonly string[]) {
  return parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      limit: { type: "string", default: "0" },
      seed: { type: "string", default: "1" },
      concurrency: { type: "string", default: "4" },
      "max-wrong": { type: "string", default: "2.5%" },
      "no-cache": { type: "boolean", default: false },
      artefact: { type: "string", default: "support-v1" },
      model: { type: "string", default: "gpt-4o-mini" },
      wrong: { type: "string", default: "replay-wrong.jsonl" },
      rows: { type: "string" },
      policy: { type: "string" },
      json: { type: "boolean", default: false },
      help: { type: "boolean", default: false },
    },
  });
}

function whole(name: string, text: string, least: number): number {
  const value = Number(text);
  if (!/^\d+$/u.test(text) || value < least) {
    throw new UsageError(`--${name} "${text}" is no whole number from ${least} on`);
  }
  return value;
}
