/** `sidestep version`: the program's version and what it runs on. */
import { programVersion } from "../telemetry/program-version.ts";
import { exitCodes, type Command } from "./command.ts";
import { isOn, readFlags, type Flag } from "./flags.ts";

const flags: Readonly<Record<string, Flag>> = { help: { kind: "boolean" } };

const help = "sidestep version: prints the version, and Node's";

/** The command. */
export const version: Command = {
  name: "version",
  summary: "print the version",
  help,
  run: async (args, terminal) => {
    if (isOn(readFlags(args, flags, terminal.env), "help")) {
      terminal.out(help);
      return exitCodes.ok;
    }
    terminal.out(`sidestep ${await programVersion()} (node ${process.version})`);
    return exitCodes.ok;
  },
};
