/** `sidestep key`: makes a caller's key and what the policy says of it; the key itself is kept nowhere. */
import { createHash, randomBytes } from "node:crypto";
import { NAME, NAME_MESSAGE } from "../policy/schema-intents.ts";
import { exitCodes, UsageError, type Command, type Terminal } from "./command.ts";
import { isOn, readFlags, type Flag } from "./flags.ts";

const flags: Readonly<Record<string, Flag>> = {
  stdin: { kind: "boolean" },
  json: { kind: "boolean" },
};

/** Fewer characters could be found by trying, since the hash has no salt and is quickly made. */
const SHORTEST_KEY = 32;

const help = `sidestep key: makes a key for a caller of a gateway, and its hash for the policy

  sidestep key [flags] NAME

  --stdin   take the key from standard input instead of making one; it is not printed
  --json    name, key and hash as one line of JSON
  --help    this text

The key goes to the caller, the hash into \`callers\` of the policy. A key cannot be found from its hash.
Exit codes: 0 made, 2 the name, a flag or the key is invalid.`;

/** The command. */
export const key: Command = {
  name: "key",
  summary: "make a key for a caller of a gateway, and its hash",
  help,
  run: async (args, terminal) => {
    const given = readFlags(args, flags, {});
    const name = nameIn(given.rest);
    const read = isOn(given, "stdin") ? await keyRead(terminal) : null;
    const made = read ?? `sk-sidestep-${randomBytes(32).toString("base64url")}`;
    const sha256 = createHash("sha256").update(made).digest("hex");
    const told = read === null ? { name, key: made, sha256 } : { name, sha256 };
    if (isOn(given, "json")) terminal.out(JSON.stringify(told));
    else for (const line of linesOf(told)) terminal.out(line);
    return exitCodes.ok;
  },
};

function nameIn([name = "", stray]: readonly string[]): string {
  if (stray !== undefined) throw new UsageError(`key makes one key, and none for "${stray}"`);
  if (!NAME.test(name)) throw new UsageError(name === "" ? "key needs a name" : NAME_MESSAGE);
  return name;
}

interface Told {
  readonly name: string;
  readonly key?: string;
  readonly sha256: string;
}

function linesOf({ name, key: made, sha256 }: Told): readonly string[] {
  const policy = ["callers:", `  ${name}: { sha256: "${sha256}" }`];
  return made === undefined ? policy : [`# ${name}'s key, shown this once: ${made}`, ...policy];
}

async function keyRead(terminal: Terminal): Promise<string> {
  const text = (await terminal.input()).toString().trim();
  if (text.length < SHORTEST_KEY || /\s/.test(text)) {
    throw new UsageError(`a key has at least ${SHORTEST_KEY} characters and no space in it`);
  }
  return text;
}
