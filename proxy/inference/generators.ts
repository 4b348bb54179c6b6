/** The text-generation models that the policy's routes name, each in a thread of its own; assemble.ts holds one set. */
import { dirname } from "node:path";
import type { Policy } from "../core/policy.ts";
import type { Generated, GenerationRequest, Generator } from "../core/ports.ts";
import { QueuedGenerator } from "./generator.ts";
import type { ModelState } from "./model-thread.ts";

/** Hears each change of a model's state. */
export type OnState = (model: string, state: ModelState) => void;

/** Models by the name that routes write. */
export class Generators implements Generator {
  readonly #onState: OnState;
  readonly #models = new Map<string, QueuedGenerator>();

  constructor(onState: OnState) {
    this.#onState = onState;
  }

  /** Begins to load what the policy names and was not there, and lets go what it no longer names. */
  use(policy: Policy): void {
    const wanted = new Set(modelsOf(policy));
    for (const [model, generator] of this.#models) {
      if (wanted.has(model) && !generator.state.isFinal) continue;
      this.#models.delete(model);
      generator.retire();
    }
    const base = dirname(policy.files[0] ?? ".");
    for (const model of wanted) if (!this.#models.has(model)) this.#open(model, base);
  }

  /** Resolves when every model has been loaded, or could not be at the first try. */
  async settled(): Promise<void> {
    await Promise.all([...this.#models.values()].map(loaded));
  }

  states(): Readonly<Record<string, ModelState>> {
    return Object.fromEntries([...this.#models].map(([model, { state }]) => [model, state]));
  }

  generate(request: GenerationRequest): Promise<Generated> {
    const generator = this.#models.get(request.spec.model);
    if (generator !== undefined) return generator.generate(request);
    return Promise.resolve({ kind: "fault", reason: "generator_unavailable" });
  }

  isReady(model: string): boolean {
    return this.#models.get(model)?.state.status === "ready";
  }

  async close(): Promise<void> {
    await Promise.all([...this.#models.values()].map((generator) => generator.close()));
  }

  #open(model: string, base: string): void {
    const generator = new QueuedGenerator({ model, base });
    generator.onChange((state) => this.#onState(model, state));
    this.#models.set(model, generator);
  }
}

function modelsOf({ routes }: Policy): readonly string[] {
  return routes.flatMap(({ action }) =>
    action.kind === "answer" && action.answer.kind === "generate" ? [action.answer.model] : [],
  );
}

function loaded(generator: QueuedGenerator): Promise<void> {
  return new Promise((resolve) => {
    if (generator.state.status !== "loading") return resolve();
    const stop = generator.onChange(() => {
      stop();
      resolve();
    });
  });
}
