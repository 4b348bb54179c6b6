/** `sidestep version`: the program's version and what it runs on. */
import { readFile } from "node:fs/promises";
import * as v from "valibot";
import { exitCodes, type Command } from "./command.ts";

/** The command. */
export const version: Command = {
  name: "version",
  summary: "print the version",
  help: "sidestep version: prints the version, and Node's",
  run: async (_args, terminal) => {
    const text = await readFile(new URL("../../package.json", import.meta.url), "utf8");
    const manifest = v.parse(v.object({ version: v.string() }), JSON.parse(text));
    terminal.out(`sidestep ${manifest.version} (node ${process.version})`);
    return exitCodes.ok;
  },
};
