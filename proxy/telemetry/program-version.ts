/** The program's version, for the command that prints it and for the figures. */
import { readFile } from "node:fs/promises";
import * as v from "valibot";

/** The version that package.json states. */
export async function programVersion(): Promise<string> {
  const text = await readFile(new URL("../../package.json", import.meta.url), "utf8");
  return v.parse(v.object({ version: v.string() }), JSON.parse(text)).version;
}
