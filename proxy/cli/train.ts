/** `sidestep train`: makes a policy's intents from labelled sentences, and tells how well they are told apart. */
import { readFile, writeFile } from "node:fs/promises";
import { stringify } from "yaml";
import type { Intent } from "../core/policy.ts";
import type { Sentences, Trainer } from "../inference/holdout.ts";
import { exitCodes, UsageError, type Command, type Terminal } from "./command.ts";
import { isOn, readFlags, valueOf, type Flag, type Flags } from "./flags.ts";
import { readLabelled, usualColumns, type Labelled } from "./labelled.ts";
import { reportLines, reportOf } from "./train-report.ts";

const flags: Readonly<Record<string, Flag>> = {
  out: { kind: "string" },
  holdout: { kind: "boolean" },
  examples: { kind: "string" },
  text: { kind: "string" },
  intent: { kind: "string" },
  model: { kind: "string" },
  state: { kind: "string" },
  json: { kind: "boolean" },
};

const help = `sidestep train: makes a policy's intents from labelled sentences

  sidestep train [flags] FILE

FILE holds a sentence and its intent a line: JSON lines, or CSV with a header.

  --holdout          judge every sentence by a fit that has not seen it: accuracy, coverage,
                     confusions, and sentences or intents to mend
  --out FILE         write the intents here, a file of a policy's folder; an existing one is kept
  --examples N       sentences an intent at most, those that stand best for it  [20]
  --text NAME        the column or key of the sentence                          [text, utterance, ...]
  --intent NAME      the column or key of the intent                            [intent, label, ...]
  --model NAME       a bundled model, or its folder                             [support-v1]
  --state DIR        keeps embeddings and fits; see sidestep run --help
  --json             the report as JSON
  --help             this text

Exit codes: 0 done, 1 failed, 2 a flag or the file is invalid.`;

/** What a trainer is opened with. */
interface Training {
  readonly model: string;
  /** What `--state` says; null takes the usual folder. */
  readonly state: string | null;
}

type Open = (training: Training, terminal: Terminal) => Promise<Trainer>;

/** The command, for a program that opens a model by `open`. */
export function trainCommand(open: Open): Command {
  return {
    name: "train",
    summary: "make a policy's intents from labelled sentences, and judge them",
    help,
    run: async (args, terminal) => {
      const given = readFlags(args, flags, {});
      const sentences = await sentencesOf(given);
      const model = valueOf(given, "model") ?? "support-v1";
      const state = valueOf(given, "state") ?? terminal.env["SIDESTEP_STATE"] ?? null;
      const trainer = await opened(() => open({ model, state }, terminal));
      try {
        await train(given, sentences, { trainer, terminal });
        return exitCodes.ok;
      } finally {
        await trainer.close();
      }
    },
  };
}

async function opened(open: () => Promise<Trainer>): Promise<Trainer> {
  try {
    return await open();
  } catch (fault) {
    throw fault instanceof Error ? new UsageError(fault.message, { cause: fault }) : fault;
  }
}

async function sentencesOf(given: Flags): Promise<Sentences> {
  const [file, ...more] = given.rest;
  if (file === undefined || more.length > 0) throw new UsageError("train reads one FILE");
  if (!isOn(given, "holdout") && valueOf(given, "out") === undefined) {
    throw new UsageError("train needs --holdout to judge, --out FILE to write, or both");
  }
  const columns = {
    text: listOf(valueOf(given, "text")) ?? usualColumns.text,
    intent: listOf(valueOf(given, "intent")) ?? usualColumns.intent,
  };
  return grouped(readLabelled(file, await contentOf(file), columns));
}

function listOf(name: string | undefined): readonly string[] | null {
  return name === undefined ? null : [name];
}

async function contentOf(file: string): Promise<string> {
  try {
    return await readFile(file, "utf8");
  } catch (fault) {
    throw new UsageError(`${file} cannot be read`, { cause: fault });
  }
}

function grouped(rows: readonly Labelled[]): Sentences {
  const groups = Map.groupBy(rows, ({ intent }) => intent);
  if (groups.size < 2) throw new UsageError("train needs sentences of two intents at least");
  return new Map([...groups].map(([name, own]) => [name, own.map(({ text }) => text)]));
}

async function train(
  given: Flags,
  sentences: Sentences,
  { trainer, terminal }: { readonly trainer: Trainer; readonly terminal: Terminal },
): Promise<void> {
  const most = wholeOf(valueOf(given, "examples") ?? "20");
  if (isOn(given, "holdout")) {
    const judgements = await trainer.judge(sentences, most, (done, parts) => {
      terminal.err(`judged part ${done} of ${parts}`);
    });
    const report = reportOf(judgements);
    const lines = isOn(given, "json") ? [JSON.stringify(report, null, 2)] : reportLines(report);
    for (const line of lines) terminal.out(line);
  }
  const out = valueOf(given, "out");
  if (out === undefined) return;
  const intents = await trainer.choose(sentences, most);
  await write(out, intents);
  const count = intents.reduce((sum, { examples }) => sum + examples.length, 0);
  terminal.err(`${out}: ${count} sentences of ${intents.length} intents`);
}

function wholeOf(value: string): number {
  if (/^[1-9]\d{0,3}$/.test(value)) return Number(value);
  throw new UsageError(`--examples ${value} is no whole number from 1 to 9999`);
}

async function write(file: string, intents: readonly Intent[]): Promise<void> {
  const tree = Object.fromEntries(intents.map(({ name, examples }) => [name, { examples }]));
  try {
    await writeFile(file, stringify({ intents: tree }), { flag: "wx" });
  } catch (fault) {
    if (fault instanceof Error && "code" in fault && fault.code === "EEXIST") {
      throw new UsageError(`${file} is there already: name another, or remove it`, {
        cause: fault,
      });
    }
    throw fault;
  }
}
