/** Messages between the event loop and the worker threads, and where the threads' entry stands. */
import { extname } from "node:path";
import type { Classification } from "../core/signals.ts";
import type { GeneratedReport, GenerateStart } from "./generator-protocol.ts";
import type { Examples } from "./regression.ts";

/** What a model thread is started with. */
export interface ModelStart {
  readonly role: "model";
  /** The policy's `model:`. */
  readonly model: string;
  /** Folder that relative names start from, the bundled folder, and folders with hub models. */
  readonly base: string;
  readonly bundled: string;
  readonly hubRoots: readonly string[];
  readonly threads: number;
}

/** What a fitting thread is started with. */
export interface FitStart {
  readonly role: "fit";
  readonly examples: Examples;
}

/** What every thread that holds a model has besides: by what its owner ends it, see leash.ts. */
export interface Leashed {
  readonly leash: SharedArrayBuffer;
}

/** What any thread is started with. */
export type Start = (ModelStart & Leashed) | FitStart | (GenerateStart & Leashed);

/** To the model thread. */
export interface WorkerTask {
  readonly id: number;
  readonly text: string;
}

/** What runs, once loaded. */
export interface LoadedModel {
  readonly name: string;
  readonly variant: string;
  readonly digest: string;
  /** The artefact's folder; null for a hub model. */
  readonly folder: string | null;
}

/** From a thread that holds a model. */
export type WorkerReport =
  | { readonly kind: "ready"; readonly model: LoadedModel }
  | { readonly kind: "failed"; readonly error: string }
  | { readonly kind: "result"; readonly id: number; readonly classification: Classification }
  | GeneratedReport
  | { readonly kind: "error"; readonly id: number; readonly error: string };

/** The threads' entry, beside `from`: the source as it stands, or its bundle of the same ending. */
export function workerUrl(from: string): URL {
  return new URL(`./inference-worker${extname(new URL(from).pathname)}`, from);
}
