/** Tells which packages a build has code of, without asking the build. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

/** The packages whose code is there, as the bundler's own remarks and the copied folders say. */
export function packagesIn(out: string): readonly string[] {
  const scripts = readdirSync(out).filter((name) => name.endsWith(".js"));
  const remarks = scripts.flatMap((name) =>
    readFileSync(join(out, name), "utf8")
      .matchAll(/^ *\/\/ (node_modules\/\S+)$/gm)
      .map(([, path = ""]) => /^.*node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(path)?.[1] ?? path)
      .toArray(),
  );
  return [...new Set([...remarks, ...readdirSync(join(out, "node_modules"))])].toSorted();
}
