/** The model under test through the shipped runtime: every text once, its outputs kept for all parts. */
import { createHash } from "node:crypto";
import {
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import * as v from "valibot";
import type { Classification } from "../../proxy/core/signals.ts";
import { createClassifier, type LocalClassifier } from "../../proxy/inference/classifier.ts";
import { classified } from "../../proxy/inference/heads.ts";
import type { Head, Manifest } from "../../proxy/inference/manifest.ts";
import { Progress } from "../replay/progress.ts";

/** Probabilities of a head's labels, in the manifest's order. */
export type Probabilities = readonly number[];

const inFlight = 8;
const patienceMs = 3_600_000;

/** A running model. */
export class Model {
  readonly folder: string;
  readonly manifest: Manifest;
  readonly #classifier: LocalClassifier;
  readonly #known = new Map<string, Classification>();

  constructor(folder: string, manifest: Manifest) {
    this.folder = folder;
    this.manifest = manifest;
    this.#classifier = createClassifier({ model: folder });
  }

  /** Name and variant; throws when the model does not load. */
  async name(): Promise<string> {
    const { model, error } = await this.#classifier.ready;
    if (model === null) throw new Error(`the model does not load: ${error ?? "unknown cause"}`);
    return model.name;
  }

  /** Runs what has not run yet; `what` is shown as it goes. */
  async run(texts: readonly string[], what: string): Promise<void> {
    await this.name();
    const waiting = [...new Set(texts)].filter((text) => !this.#known.has(text));
    const progress = new Progress(waiting.length, process.stderr);
    const work = async (): Promise<void> => {
      for (let text = waiting.pop(); text !== undefined; text = waiting.pop()) {
        const outcome = await this.#classifier.classify(text, performance.now() + patienceMs);
        if ("kind" in outcome) throw new Error(`the model failed: ${outcome.reason}`);
        this.#known.set(text, outcome);
        progress.step(what);
      }
    };
    await Promise.all(Array.from({ length: inFlight }, work));
  }

  /** Of a text that was run. */
  of(text: string): Classification {
    const found = this.#known.get(text);
    if (found === undefined) throw new Error("a text was asked for before it was run");
    return found;
  }

  /** A head's probabilities of a text that was run. */
  probabilities(head: string, text: string): Probabilities {
    return inOrder(headOf(this.manifest, head), this.of(text));
  }

  /** Unit vectors, as fitting asks for them. */
  readonly embed = async (texts: readonly string[]): Promise<readonly Float32Array[]> => {
    await this.run(texts, "sentences");
    return texts.map((text) => this.of(text).embedding);
  };

  async close(): Promise<void> {
    await this.#classifier.close();
  }
}

/** Throws when there is none of this name. */
export function headOf(manifest: Manifest, name: string): Head {
  const head = manifest.heads.find((one) => one.name === name);
  if (head === undefined) throw new Error(`the model has no head "${name}"`);
  return head;
}

/** Calibrated as the runtime does it, of raw outputs. */
export function probabilitiesOf(head: Head, logits: Float32Array): Probabilities {
  const facts = { tokens: 0, unknownShare: 0, model: "" };
  return inOrder(head, classified([head], new Map([[head.name, logits]]), facts));
}

function inOrder(head: Head, { heads, flags }: Classification): Probabilities {
  const scored = (head.kind === "softmax" ? heads : flags).get(head.name) ?? [];
  const byLabel = new Map<string, number>(
    scored.map(({ label, confidence }) => [label, confidence]),
  );
  const names = head.labels.length === 1 && head.kind === "sigmoid" ? [head.name] : head.labels;
  return names.map((label) => byLabel.get(label) ?? Number.NaN);
}

const openSchema = v.looseObject({
  variants: v.looseObject({ default: v.string() }),
  selfcheck: v.looseObject({
    cases: v.array(v.looseObject({ outputs: v.record(v.string(), v.unknown()) })),
  }),
});

/** The artefact with its variant for other processors as its first, in a temporary folder; `close` removes that. */
export function variantFolder(
  folder: string,
  variant: string,
): { readonly folder: string; readonly close: () => void } {
  const other = mkdtempSync(join(tmpdir(), "sidestep-variant-"));
  const files = readdirSync(folder).filter((name) => name !== "manifest.json");
  for (const name of files) symlinkSync(resolve(folder, name), join(other, name));
  const json: unknown = JSON.parse(readFileSync(join(folder, "manifest.json"), "utf8"));
  const manifest = v.parse(openSchema, json);
  const cases = manifest.selfcheck.cases.map((one) => ({
    ...one,
    outputs: { default: one.outputs[variant] },
  }));
  const variants = { default: manifest.variants[variant] };
  const changed = { ...manifest, variants, selfcheck: { ...manifest.selfcheck, cases } };
  writeFileSync(join(other, "manifest.json"), JSON.stringify(changed));
  return { folder: other, close: () => rmSync(other, { recursive: true }) };
}

/** SHA-256 of the model file that runs by default. */
export function modelDigest(folder: string, { variants }: Manifest): string {
  return createHash("sha256")
    .update(readFileSync(join(folder, variants.default)))
    .digest("hex");
}
