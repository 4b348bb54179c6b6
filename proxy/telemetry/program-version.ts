/** The program's version, for the command that prints it and for the figures. */
import { readFile } from "node:fs/promises";
import * as v from "valibot";
import { bundledFile } from "../core/bundled.ts";

/** The version that package.json states. */
export async function programVersion(): Promise<string> {
  const text = await readFile(bundledFile("package.json"), "utf8");
  return v.parse(v.object({ version: v.string() }), JSON.parse(text)).version;
}
