/** An artefact of ours as an encoder: verified files, one ONNX session, self-check, fallback variant; runs inside the worker only. */
import { createHash } from "node:crypto";
import { availableParallelism } from "node:os";
import { InferenceSession, Tensor } from "onnxruntime-node";
import type { Classification } from "../core/signals.ts";
import type { Encoder } from "./encoder.ts";
import { classified, type Outputs } from "./heads.ts";
import {
  manifestHash,
  readManifest,
  readVerified,
  type Manifest,
  type SelfCheck,
} from "./manifest.ts";
import { TextWindow } from "./window.ts";

type Variant = "default" | "reduce_range";

/** Loads the artefact in `folder`; throws when it is absent, corrupt, or no variant passes its self-check. */
export async function loadArtefact(folder: string, threads: number): Promise<Encoder> {
  const manifest = await readManifest(folder);
  const hash = await manifestHash(folder);
  const window = await readWindow(folder, manifest);
  const variants: readonly Variant[] =
    manifest.variants.reduce_range === null ? ["default"] : ["default", "reduce_range"];
  for (const variant of variants) {
    const encoder = await openVariant({ folder, manifest, hash, window, threads, variant });
    if (await passesCheck(encoder, manifest.selfcheck)) return encoder;
    await encoder.release();
  }
  throw new Error("the self-check differs from the stored vectors on this processor");
}

async function readWindow(folder: string, manifest: Manifest): Promise<TextWindow> {
  const json = await readVerified(folder, manifest, manifest.tokenizer.file);
  const { max_tokens, head, tail, cls_id, sep_id } = manifest.window;
  return new TextWindow(json.toString("utf8"), {
    maxTokens: max_tokens,
    head: Math.min(head, max_tokens - 2 - Math.min(tail, max_tokens - 3)),
    tail: Math.min(tail, max_tokens - 3),
    clsId: cls_id,
    sepId: sep_id,
    unkId: manifest.tokenizer.unk_id,
  });
}

interface Opening {
  readonly folder: string;
  readonly manifest: Manifest;
  readonly hash: string;
  readonly window: TextWindow;
  readonly threads: number;
  readonly variant: Variant;
}

async function openVariant(opening: Opening): Promise<ArtefactEncoder> {
  const { folder, manifest, variant } = opening;
  const file = manifest.variants[variant] ?? manifest.variants.default;
  const bytes = await readVerified(folder, manifest, file);
  const session = await InferenceSession.create(bytes, sessionOptions(opening.threads));
  // The session has its own copy; nobody would collect this one for a while.
  if (bytes.buffer instanceof ArrayBuffer) bytes.buffer.transfer(0);
  return new ArtefactEncoder(session, opening, digestOf(manifest, file));
}

/** How a session runs: `threads` at most, and none that waits busily. */
export function sessionOptions(threads: number): InferenceSession.SessionOptions {
  return {
    executionProviders: ["cpu"],
    intraOpNumThreads: Math.max(1, Math.min(threads, availableParallelism())),
    interOpNumThreads: 1,
    executionMode: "sequential",
    graphOptimizationLevel: "all",
    // A pool thread that spins after a run takes the processor from the event loop.
    extra: { session: { intra_op: { allow_spinning: "0" } } },
  };
}

/** Everything that a text's embedding depends on: weights, tokenizer and window. */
function digestOf({ files, tokenizer, window }: Manifest, file: string): string {
  const parts = [files[file]?.sha256, files[tokenizer.file]?.sha256, tokenizer, window];
  return createHash("sha256").update(JSON.stringify(parts)).digest("hex");
}

class ArtefactEncoder implements Encoder {
  readonly name: string;
  readonly variant: string;
  readonly digest: string;
  readonly #session: InferenceSession;
  readonly #window: TextWindow;
  readonly #manifest: Manifest;
  readonly #hash: string;

  constructor(session: InferenceSession, opening: Opening, digest: string) {
    const { name, version } = opening.manifest;
    this.name = `${name}-v${version} (${opening.variant})`;
    this.variant = opening.variant;
    this.digest = digest;
    this.#session = session;
    this.#window = opening.window;
    this.#manifest = opening.manifest;
    this.#hash = opening.hash;
  }

  async encode(text: string): Promise<Classification> {
    const window = this.#window.of(text);
    const outputs = await this.run(window.ids);
    return classified(this.#manifest.heads, outputs, {
      tokens: window.ids.length,
      unknownShare: window.unknownShare,
      model: this.name,
      modelHash: this.#hash,
    });
  }

  /** Every output for ready-made token ids. */
  async run(ids: readonly number[]): Promise<Outputs> {
    const shape = [1, ids.length];
    const results = await this.#session.run({
      input_ids: new Tensor("int64", BigInt64Array.from(ids, BigInt), shape),
      attention_mask: new Tensor("int64", new BigInt64Array(ids.length).fill(1n), shape),
    });
    const outputs = new Map<string, Float32Array>();
    for (const [name, tensor] of Object.entries(results)) {
      if (tensor.data instanceof Float32Array) outputs.set(name, tensor.data);
    }
    return outputs;
  }

  /** The window's ids, for the self-check. */
  ids(text: string): readonly number[] {
    return this.#window.of(text).ids;
  }

  async release(): Promise<void> {
    await this.#session.release();
  }
}

async function passesCheck(encoder: ArtefactEncoder, check: SelfCheck): Promise<boolean> {
  for (const { text, ids, outputs } of check.cases) {
    if (!isEqual(encoder.ids(text), ids)) return false;
    const got = await encoder.run(ids);
    for (const [name, wanted] of Object.entries(outputs[encoder.variant] ?? {})) {
      const tolerance = name === "embedding" ? check.tolerance.embedding : check.tolerance.logits;
      if (!agrees(got.get(name), wanted, tolerance)) return false;
    }
  }
  return true;
}

function isEqual(a: readonly number[], b: readonly number[]): boolean {
  return a.length === b.length && a.every((value, at) => value === b[at]);
}

/** The vector holds an output's first values; what is missing or not a number disagrees. */
function agrees(
  got: Float32Array | undefined,
  wanted: readonly number[],
  tolerance: number,
): boolean {
  return wanted.every((value, at) => Math.abs(value - (got?.[at] ?? Number.NaN)) <= tolerance);
}
