/** A text-generation model in the hub's layout, through transformers.js, greedy; runs inside its own worker only. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { TextGenerationPipeline } from "@huggingface/transformers";
import * as v from "valibot";
import type { GeneratedText, GenerateTask } from "./generator-protocol.ts";
import { libraryFor, pipelineOptions, weightsIn, type Library } from "./hub-folder.ts";

/** A loaded model. */
export interface TextGenerator {
  /** Name and weights for records, e.g. "org/model (q8)". */
  readonly name: string;
  readonly variant: string;
  /** Throws when a run fails. `isCancelled` is asked at each token. */
  generate(task: GenerateTask, isCancelled: () => boolean): Promise<GeneratedText>;
}

const config = v.object({
  architectures: v.optional(v.array(v.string()), []),
  max_position_embeddings: v.optional(v.number()),
  n_positions: v.optional(v.number()),
});

// A prompt is read in one run, which nothing can interrupt.
const longestPrompt = 4096;

/** Loads `root/id` without asking the network; throws when a file is missing or it writes no text. */
export async function loadTextGenerator(
  id: string,
  root: string,
  threads: number,
): Promise<TextGenerator> {
  const folder = join(root, id);
  const given = v.parse(config, JSON.parse(await readFile(join(folder, "config.json"), "utf8")));
  if (!given.architectures.some((name) => /(?:ForCausalLM|LMHeadModel)$/u.test(name))) {
    throw new Error(`model "${id}" is no text-generation model: ${given.architectures.join(", ")}`);
  }
  const weights = weightsIn(id, root);
  const library = await libraryFor(root);
  const pipeline = await library.pipeline("text-generation", id, pipelineOptions(weights, threads));
  return new HubTextGenerator(library, pipeline, {
    name: `${id} (${weights.dtype})`,
    variant: weights.dtype,
    positions: given.max_position_embeddings ?? given.n_positions ?? Infinity,
    template: await templateIn(folder),
  });
}

interface Facts {
  readonly name: string;
  readonly variant: string;
  /** Most tokens of prompt and text together. */
  readonly positions: number;
  /** A chat template beside the tokenizer's own. */
  readonly template: string | null;
}

class HubTextGenerator implements TextGenerator {
  readonly name: string;
  readonly variant: string;
  readonly #library: Library;
  readonly #pipeline: TextGenerationPipeline;
  readonly #facts: Facts;

  constructor(library: Library, pipeline: TextGenerationPipeline, facts: Facts) {
    this.name = facts.name;
    this.variant = facts.variant;
    this.#library = library;
    this.#pipeline = pipeline;
    this.#facts = facts;
  }

  async generate(task: GenerateTask, isCancelled: () => boolean): Promise<GeneratedText> {
    if (this.#isControlled(task)) return { text: "", ending: "injection_suspected" };
    const prompt = this.#idsOf(task);
    // One more than may be given: a text that ends at its bound has an end of its own behind it.
    const most = task.maxTokens + 1;
    if (prompt.length > longestPrompt || prompt.length + most > this.#facts.positions) {
      return { text: "", ending: "prompt_too_long" };
    }
    const { tokenizer } = this.#pipeline;
    const writing = new Writing(task, isCancelled, (ids) =>
      tokenizer.decode([...ids], { skip_special_tokens: true }),
    );
    await this.#write(prompt, most, writing);
    return writing.done();
  }

  async #write(prompt: readonly number[], most: number, writing: Writing): Promise<void> {
    const { InterruptableStoppingCriteria, Tensor } = this.#library;
    const { model, tokenizer } = this.#pipeline;
    const end = new InterruptableStoppingCriteria();
    const streamer = tapOf(this.#library, tokenizer, (ids) => {
      if (writing.isOverWith(ids)) end.interrupt();
    });
    const shape = [1, prompt.length];
    await model.generate({
      inputs: new Tensor("int64", BigInt64Array.from(prompt, BigInt), shape),
      attention_mask: new Tensor("int64", new BigInt64Array(prompt.length).fill(1n), shape),
      max_new_tokens: most,
      do_sample: false,
      num_beams: 1,
      stopping_criteria: end,
      streamer,
    });
  }

  /** Words that the tokenizer takes for the model's own marks would let a caller speak as somebody else. */
  #isControlled({ fromCaller }: GenerateTask): boolean {
    const marks = this.#pipeline.tokenizer.all_special_tokens;
    return fromCaller.some((text) => marks.some((mark) => text.includes(mark)));
  }

  #idsOf({ messages, plain }: GenerateTask): readonly number[] {
    const { tokenizer } = this.#pipeline;
    const { template } = this.#facts;
    if (template === null && tokenizer.chat_template === null) return tokenizer.encode(plain);
    const chat = { add_generation_prompt: true, tokenize: false, chat_template: template } as const;
    const text = tokenizer.apply_chat_template([...messages], chat);
    if (typeof text !== "string") throw new TypeError("the chat template gave no text");
    return tokenizer.encode(text, { add_special_tokens: false });
  }
}

/** Hears each new token. The library's own streamer would decode the whole text anew at each. */
function tapOf(
  { TextStreamer }: Library,
  tokenizer: TextGenerationPipeline["tokenizer"],
  heard: (ids: readonly bigint[]) => void,
): InstanceType<Library["TextStreamer"]> {
  class Tap extends TextStreamer {
    override put([ids = []]: bigint[][]): void {
      if (!this.next_tokens_are_prompt) heard(ids);
      this.next_tokens_are_prompt = false;
    }
    override end(): void {}
  }
  return new Tap(tokenizer);
}

/** Newer models keep their chat template in a file of its own. */
async function templateIn(folder: string): Promise<string | null> {
  return readFile(join(folder, "chat_template.jinja"), "utf8").catch(() => null);
}

/** A text while it is written. */
class Writing {
  readonly #task: GenerateTask;
  readonly #isCancelled: () => boolean;
  readonly #decode: (ids: readonly number[]) => string;
  readonly #ids: number[] = [];
  #stoppedAt: number | null = null;
  #isGivenUp = false;

  constructor(
    task: GenerateTask,
    isCancelled: () => boolean,
    decode: (ids: readonly number[]) => string,
  ) {
    this.#task = task;
    this.#isCancelled = isCancelled;
    this.#decode = decode;
  }

  /** Takes the next tokens; true when no more are wanted. */
  isOverWith(ids: readonly bigint[]): boolean {
    this.#ids.push(...ids.map(Number));
    this.#isGivenUp = this.#isCancelled();
    this.#stoppedAt = this.#stop();
    return this.#isGivenUp || this.#stoppedAt !== null;
  }

  done(): GeneratedText {
    if (this.#isGivenUp) return { text: "", ending: "cancelled" };
    const text = this.#decode(this.#ids);
    if (this.#stoppedAt !== null) return { text: text.slice(0, this.#stoppedAt), ending: "whole" };
    return { text, ending: this.#ids.length > this.#task.maxTokens ? "bound" : "whole" };
  }

  /** Where the first of the route's stop texts begins; null when none has come. */
  #stop(): number | null {
    if (this.#task.stop.length === 0) return null;
    const text = this.#decode(this.#ids);
    const places = this.#task.stop.map((stop) => text.indexOf(stop)).filter((at) => at >= 0);
    return places.length === 0 ? null : Math.min(...places);
  }
}
