/** `sidestep version`: the program's version and what it runs on. */
import { readFile } from "node:fs/promises";
import * as v from "valibot";
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
    const text = await readFile(new URL("../../package.json", import.meta.url), "utf8");
    const manifest = v.parse(v.object({ version: v.string() }), JSON.parse(text));
    terminal.out(`sidestep ${manifest.version} (node ${process.version})`);
    return exitCodes.ok;
  },
};
