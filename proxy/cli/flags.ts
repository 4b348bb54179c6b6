/** Reads flags: each long flag has an environment variable of the same name, and unknown ones are named with the nearest. */
import { parseArgs } from "node:util";
import { nearestHint } from "../policy/nearest.ts";
import { HelpWanted, UsageError, type Terminal } from "./command.ts";

/** One flag of a command. */
export interface Flag {
  readonly kind: "string" | "boolean";
  /** Whether it may be given more than once; in the environment, values are separated by commas. */
  readonly isList?: boolean;
  /** One letter, for flags that other tools have under it too. */
  readonly short?: string;
}

/** What a command was called with. */
export interface Flags {
  readonly values: ReadonlyMap<string, readonly string[]>;
  readonly rest: readonly string[];
}

/**
 * Parses `args`; a flag that is absent is read from `SIDESTEP_<NAME>`. Throws UsageError, and HelpWanted for
 * `--help`, which every command has.
 */
export function readFlags(
  args: readonly string[],
  own: Readonly<Record<string, Flag>>,
  env: Terminal["env"],
): Flags {
  const flags: Readonly<Record<string, Flag>> = { ...own, help: { kind: "boolean" } };
  const values = new Map<string, readonly string[]>();
  for (const [name, flag] of Object.entries(flags)) {
    const given = env[`SIDESTEP_${name.replaceAll("-", "_").toUpperCase()}`];
    if (given === undefined || given === "") continue;
    values.set(name, flag.isList === true ? given.split(",").map((part) => part.trim()) : [given]);
  }
  const parsed = parsedArgs(args, flags);
  for (const [name, list] of parsed.values) values.set(name, list);
  const read = { values, rest: parsed.rest };
  if (isOn(read, "help")) throw new HelpWanted();
  return read;
}

function parsedArgs(args: readonly string[], flags: Readonly<Record<string, Flag>>): Flags {
  const options = Object.fromEntries(
    Object.entries(flags).map(([name, flag]) => [
      name,
      {
        type: flag.kind,
        multiple: true,
        ...(flag.short === undefined ? {} : { short: flag.short }),
      },
    ]),
  );
  try {
    const { values, positionals } = parseArgs({
      args: [...args],
      options,
      allowPositionals: true,
      strict: true,
    });
    const read = Object.entries(values).map(
      ([name, list]) => [name, (Array.isArray(list) ? list : [list]).map(String)] as const,
    );
    return { values: new Map(read), rest: positionals };
  } catch (fault) {
    throw new UsageError(mend(fault, Object.keys(flags)), { cause: fault });
  }
}

function mend(fault: unknown, known: readonly string[]): string {
  const message = fault instanceof Error ? fault.message : String(fault);
  const unknown = /^Unknown option '(-+[^']*)'/.exec(message)?.[1];
  if (unknown === undefined) return message.split("\n")[0] ?? message;
  const names = known.map((name) => `--${name}`);
  return `unknown flag \`${unknown}\`${nearestHint(unknown, names)}`;
}

/** A flag's last value; undefined when it was not given. */
export function valueOf(flags: Flags, name: string): string | undefined {
  return flags.values.get(name)?.at(-1);
}

/** A flag's duration in milliseconds. Throws UsageError. */
export function durationMs(flags: Flags, name: string, fallback: string): number {
  const text = valueOf(flags, name) ?? fallback;
  const match = /^(\d+(?:\.\d+)?)(ms|s|m|h)$/.exec(text);
  if (match === null) throw new UsageError(`--${name} ${text}: a duration looks like 25s or 500ms`);
  const unit = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 }[match[2] ?? "s"] ?? 1000;
  return Number(match[1]) * unit;
}

/** Whether a boolean flag was given and is not "false" or "0" in the environment. */
export function isOn(flags: Flags, name: string): boolean {
  const value = valueOf(flags, name);
  return value !== undefined && value !== "false" && value !== "0";
}
