/** Starts the provider that streams, and sets its pace. */
import { join } from "node:path";
import type { Stage } from "./stage.ts";

export interface Pace {
  /** Between two chunks of one stream. */
  readonly everyMs: number;
  /** Until the stream ends, in the middle: each has its own length. */
  readonly chunks: number;
}

export interface SseUpstream {
  readonly url: string;
  /** For streams that begin later. */
  readonly setPace: (pace: Pace) => Promise<void>;
}

export async function startSse({ processes, cores }: Stage): Promise<SseUpstream> {
  const started = await processes.start({
    name: "streaming upstream",
    command: process.execPath,
    args: [join(import.meta.dirname, "programs/sse-upstream.ts")],
    core: cores.load,
    ready: "line",
  });
  const url = String(started.ready["url"]);
  return {
    url,
    setPace: async (pace) => {
      await fetch(`${url}/pace`, { method: "PUT", body: JSON.stringify(pace) });
    },
  };
}
