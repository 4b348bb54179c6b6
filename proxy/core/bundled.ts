/** Finds the files that come with the program: policies, prices, its manifest; prices.ts and the commands use it. */
import { existsSync } from "node:fs";
import { dirname, join } from "node:path";

/**
 * The nearest `name` at or above `from`: beside the program in a bundle, at the root in a checkout.
 * Where there is none, the path at which a reader will say so.
 */
export function bundledFile(name: string, from: string = import.meta.dirname): string {
  for (let folder = from; ; folder = dirname(folder)) {
    const path = join(folder, name);
    if (existsSync(path)) return path;
    if (dirname(folder) === folder) return join(from, name);
  }
}
