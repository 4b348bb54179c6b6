/** Load of streams: so many at one time, each chunk's way timed from the provider's write to the caller's read. */
import { join } from "node:path";
import * as v from "valibot";
import type { Endpoint } from "./contenders.ts";
import { figure } from "./figure-schema.ts";
import type { LoadPlace } from "./open-loop.ts";
import type { Started } from "./processes.ts";

/** A load; with `seconds` null the streams are opened and held. */
export interface StreamLoad {
  readonly target: Endpoint;
  readonly body: string;
  readonly streams: number;
  readonly seconds: number | null;
  readonly warmSeconds: number;
}

/** Times in milliseconds. */
export interface StreamResult {
  /** Streams that ended, and those that broke off or had another status than 200. */
  readonly done: number;
  readonly failed: number;
  readonly chunks: number;
  /** From the call to its first byte. */
  readonly first50: number;
  readonly first99: number;
  /** From the provider's write to the caller's read. */
  readonly delay50: number;
  readonly delay99: number;
  readonly highest: number;
}

const resultSchema = v.object({
  done: figure,
  failed: figure,
  chunks: figure,
  first50: figure,
  first99: figure,
  delay50: figure,
  delay99: figure,
  highest: figure,
});

/** Rejects when the generator itself fails. */
export async function runStreams(load: StreamLoad, place: LoadPlace): Promise<StreamResult> {
  const started = await start(load, place);
  return v.parse(resultSchema, JSON.parse(await started.output));
}

/** Open streams. */
export interface HeldStreams {
  readonly open: number;
  readonly failed: number;
  readonly stop: () => Promise<void>;
}

/** Resolves when every stream has had its first chunk, or has failed. */
export async function holdStreams(
  load: Omit<StreamLoad, "seconds" | "warmSeconds">,
  place: LoadPlace,
): Promise<HeldStreams> {
  const started = await start({ ...load, seconds: null, warmSeconds: 0 }, place);
  const counts = v.object({ open: v.number(), failed: v.number() });
  return { ...v.parse(counts, started.ready), stop: started.stop };
}

function start(load: StreamLoad, { processes, core }: LoadPlace): Promise<Started> {
  return processes.start({
    name: "streams load",
    command: process.execPath,
    args: [join(import.meta.dirname, "programs/streams-load.ts"), JSON.stringify(load)],
    core,
    ready: "line",
  });
}
