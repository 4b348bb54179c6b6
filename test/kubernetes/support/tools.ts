/** Where the programs are that the Kubernetes tests need; scripts/kubernetes.ts builds them. */
import { homedir } from "node:os";
import { join } from "node:path";

/** Name -> version, of those that are built from Go modules. */
export const tools = { "kube-apiserver": "1.31.4", helm: "4.2.4", kubeconform: "0.7.0" } as const;

/** A folder outside of the tree that outlives it. */
export const toolFolder: string =
  process.env["SIDESTEP_TOOLS"] ??
  join(process.env["XDG_CACHE_HOME"] ?? join(homedir(), ".cache"), "sidestep", "tools");

/** The program's path; its version is in its name, so that an old one is never taken for a new one. */
export function toolPath(name: keyof typeof tools): string {
  return join(toolFolder, `${name}-${tools[name]}`);
}
