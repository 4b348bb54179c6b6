/** Asks `kubectl`, which knows the user's clusters and keys; each fault of it comes with its mend. */
import { once } from "node:events";
import { text } from "node:stream/consumers";
import { setTimeout as delay } from "node:timers/promises";

/** Which cluster, as `kubectl`'s own flags say it, and how long one answer may take. */
export interface KubectlOptions {
  readonly flags: readonly string[];
  readonly limitMs: number;
}

/** What it printed, or what was in the way. */
export type KubectlAnswer =
  | { readonly ok: true; readonly text: string }
  | { readonly ok: false; readonly isForbidden: boolean; readonly problem: string };

/** Runs it to its end. */
export async function kubectl(
  args: readonly string[],
  { flags, limitMs }: KubectlOptions,
): Promise<KubectlAnswer> {
  const { spawn } = await import("node:child_process");
  const child = spawn("kubectl", [...args, ...flags], { stdio: ["ignore", "pipe", "pipe"] });
  const said = Promise.all([text(child.stdout), text(child.stderr)]);
  const ended = once(child, "close").then(
    ([code]) => Number(code),
    (fault: unknown) => faultProblem(fault),
  );
  // What it has started itself, as for a key, may keep its pipes open.
  const late = new AbortController();
  const limit = delay(limitMs, null, { signal: late.signal }).catch(() => null);
  const outcome = await Promise.race([ended, limit]);
  late.abort();
  if (outcome === null) {
    child.kill("SIGKILL");
    return failed(`kubectl has not answered within ${limitMs / 1000} s: ${unreachable}`);
  }
  if (typeof outcome === "string") return failed(outcome);
  const [out, err] = await said;
  return outcome === 0 ? { ok: true, text: out } : failed(problemIn(err, outcome));
}

const unreachable =
  "see whether `kubectl get namespaces` reaches the cluster, or give more time with --timeout";

function failed(problem: string): KubectlAnswer & { readonly ok: false } {
  return { ok: false, isForbidden: /\bforbidden\b/i.test(problem), problem };
}

function faultProblem(fault: unknown): string {
  const message = fault instanceof Error ? fault.message : String(fault);
  if (!message.includes("ENOENT")) return `kubectl cannot be run: ${message}`;
  return (
    "there is no kubectl in PATH: install it, or run where it is " +
    "`kubectl get pods,namespaces -A -o json` and give what it prints to `sidestep status -f -`"
  );
}

/** What it said, which is best at naming what is wrong; and what to do where it does not say that. */
function problemIn(err: string, code: number): string {
  const said = err.trim() === "" ? `kubectl ended with ${code}` : err.trim();
  if (!/\bforbidden\b/i.test(said)) return said;
  return `${said}\nthe right to list pods and namespaces is needed; for a single namespace, -n NAME needs it there alone`;
}
