/** What hub-encoder.ts and text-generator.ts share: which weights a folder in the hub's layout holds, and the library that loads them offline. */
import { existsSync } from "node:fs";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import type * as Transformers from "@huggingface/transformers";

/** Weights by the library's name for them and their file. */
export interface HubWeights {
  readonly dtype: "q8" | "int8" | "q4" | "fp32";
  readonly file: string;
}

// Smallest that loses little first; the names are the hub's own.
const known: readonly HubWeights[] = [
  { dtype: "q8", file: "model_quantized.onnx" },
  { dtype: "int8", file: "model_int8.onnx" },
  { dtype: "q4", file: "model_q4.onnx" },
  { dtype: "fp32", file: "model.onnx" },
];

/** All weights that a folder holds, the one to load first. */
export function allWeights(folder: string): readonly HubWeights[] {
  return known.filter(({ file }) => existsSync(join(folder, "onnx", file)));
}

/** The weights to load; throws an Error that names what is missing. */
export function weightsIn(id: string, root: string): HubWeights {
  const [found] = allWeights(join(root, id));
  if (found === undefined) throw new Error(`model "${id}": there is no onnx/model.onnx`);
  return found;
}

/** The library's exports. */
export type Library = typeof Transformers;

/** The library, told to look nowhere but below `root`. Loaded here only: it is large, and a bundled artefact needs none of it. */
export async function libraryFor(root: string): Promise<Library> {
  const library = await import("@huggingface/transformers");
  library.env.allowRemoteModels = false;
  library.env.localModelPath = root;
  return library;
}

/** How a pipeline is opened. */
export interface PipelineOptions {
  readonly dtype: HubWeights["dtype"];
  readonly local_files_only: true;
  readonly session_options: {
    readonly intraOpNumThreads: number;
    readonly interOpNumThreads: number;
  };
}

/** Options that load these weights with so many threads. */
export function pipelineOptions({ dtype }: HubWeights, threads: number): PipelineOptions {
  return {
    dtype,
    local_files_only: true,
    session_options: {
      intraOpNumThreads: Math.max(1, Math.min(threads, availableParallelism())),
      interOpNumThreads: 1,
    },
  };
}
