/** `sidestep wait`: waits for a listener, or just waits; lifecycle hooks of containers without a shell call it. */
import { setTimeout as delay } from "node:timers/promises";
import { exitCodes, UsageError, type Command } from "./command.ts";
import { durationMs, readFlags, valueOf, type Flag } from "./flags.ts";

/** Time between two questions, in milliseconds. */
const BETWEEN_MS = 100;

const flags: Readonly<Record<string, Flag>> = {
  ready: { kind: "string" },
  limit: { kind: "string" },
};

const help = `sidestep wait: waits for a listener, or for a time

  --ready URL        wait until this answers with 200
  --limit DURATION   how long to wait at most, or, without --ready, exactly (default: 60s)
  --help             this text

Exit codes: 0 ready, or the time is over; 1 not ready within the limit.`;

/** The command. */
export const wait: Command = {
  name: "wait",
  summary: "wait for a listener, or for a time",
  help,
  run: async (args, terminal) => {
    const given = readFlags(args, flags, {});
    const limitMs = durationMs(given, "limit", "60s");
    const url = valueOf(given, "ready");
    if (url === undefined) {
      await delay(limitMs);
      return exitCodes.ok;
    }
    if (!URL.canParse(url)) throw new UsageError(`--ready ${url}: this is not a URL`);
    if (await isReadyWithin(url, limitMs)) return exitCodes.ok;
    terminal.err(`${url} was not ready`);
    return exitCodes.failed;
  },
};

async function isReadyWithin(url: string, limitMs: number): Promise<boolean> {
  const end = performance.now() + limitMs;
  for (;;) {
    if (await isReady(url, Math.max(0, end - performance.now()))) return true;
    if (performance.now() + BETWEEN_MS >= end) return false;
    await delay(BETWEEN_MS);
  }
}

async function isReady(url: string, leftMs: number): Promise<boolean> {
  const signal = AbortSignal.timeout(Math.ceil(leftMs));
  try {
    // Other commands do without the client.
    const { statusOf } = await import("./status-question.ts");
    return (await statusOf(url, signal)) === 200;
  } catch {
    return false;
  }
}
