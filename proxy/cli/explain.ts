/** `sidestep explain`: what would be done with a call, and why, without sending anything. */
import type { Explanation } from "../layers/explain.ts";
import type { Question } from "../layers/question.ts";
import { exitCodes, UsageError, type Command, type Terminal } from "./command.ts";
import { explanationLines } from "./explanation.ts";
import { isOn, readFlags, valueOf, type Flag, type Flags } from "./flags.ts";

/** Explains calls under one loaded policy. */
export interface Explainer {
  /** Throws UsageError for a body that no codec reads. */
  explain(asked: Question): Promise<Explanation>;
  close(): Promise<void>;
}

/** What it is to explain by. */
export interface Explained {
  /** Files or folders, the outermost level first; none takes the bundled default policy. */
  readonly policy: readonly string[];
  /** What `--state` says; null takes the usual folder. */
  readonly state: string | null;
}

const flags: Readonly<Record<string, Flag>> = {
  policy: { kind: "string", isList: true },
  protocol: { kind: "string" },
  caller: { kind: "string" },
  state: { kind: "string" },
  json: { kind: "boolean" },
};

const help = `sidestep explain: shows the decision on a call, and why, without sending anything

  sidestep explain [flags] "text of a user's turn"
  sidestep explain [flags] < request-body.json

  --policy FILE_OR_DIR   the policy (default: the bundled default.yaml)
  --protocol NAME        openai-chat or anthropic-messages, for a body that could be either
  --caller NAME          who is to have called, of those that the policy names
  --state DIR            keeps embeddings and fits; see sidestep run --help
  --json                 the whole explanation as JSON
  --help                 this text

Exit codes: 0 explained, 1 failed, 2 the policy, a flag or the body is invalid.`;

/** The command, for a program that explains by `create`. */
export function explainCommand(
  create: (by: Explained, terminal: Terminal) => Promise<Explainer>,
): Command {
  return {
    name: "explain",
    summary: "show the decision on a text or a request body, and why",
    help,
    run: async (args, terminal) => {
      const given = readFlags(args, flags, terminal.env);
      const asked = await askedBy(given.rest, valueOf(given, "protocol") ?? null, terminal);
      const policy = given.values.get("policy") ?? [];
      const explainer = await create({ policy, state: valueOf(given, "state") ?? null }, terminal);
      try {
        const told = await explainer.explain({ ...asked, ...callerIn(given) });
        const lines = isOn(given, "json")
          ? [JSON.stringify(told, null, 2)]
          : explanationLines(told);
        for (const line of lines) terminal.out(line);
        return exitCodes.ok;
      } finally {
        await explainer.close();
      }
    },
  };
}

function callerIn(given: Flags): { readonly caller?: string } {
  const caller = valueOf(given, "caller");
  return caller === undefined ? {} : { caller };
}

async function askedBy(
  words: readonly string[],
  protocol: string | null,
  terminal: Terminal,
): Promise<Question> {
  if (words.length > 0) return { kind: "text", text: words.join(" ") };
  const bytes = await terminal.input();
  if (bytes.length === 0)
    throw new UsageError("explain needs a text, or a request body on standard input");
  return { kind: "body", bytes, protocol };
}
