/** A whole text-generation model of a few kilobytes for tests, in the hub's layout: each word has one word that follows it. */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { onnxFile } from "./onnx-file.ts";
import { tokenizerJson } from "./tiny-model.ts";

/** What it says: each text from its second word on, when the prompt ends with the first. */
const texts: readonly string[] = [
  "hello good morning to you",
  "refund money comes back soon",
  "2 two messages were there",
  "1 one message was here",
  "pizza with cheese stop and more",
  "loop loop",
];

const specials = ["[PAD]", "[UNK]", "[EOS]", "[SEP]", "[MASK]"];
const vocabulary = [...new Set([...specials, ...texts.flatMap((text) => text.split(" "))])];
const end = vocabulary.indexOf("[EOS]");

/** The chat template of the kind with one: the prompt ends with the number of messages. */
const template = "{% for m in messages %}{{ m.content }} {% endfor %}{{ messages | length }}";

/** Logits of the next word, one row a word. */
function table(): number[] {
  const next = new Map<string, string>();
  for (const text of texts) {
    const words = text.split(" ");
    words.forEach((word, at) => {
      const follower = words[at + 1];
      if (follower !== undefined) next.set(word, follower);
    });
  }
  return vocabulary.flatMap((word) => {
    const follower = vocabulary.indexOf(next.get(word) ?? "");
    return vocabulary.map((_, id) => (id === (follower < 0 ? end : follower) ? 9 : 0));
  });
}

/** Writes the model below `root` and returns its id: `plain` has no chat template. */
export function writeTextGenerator(root: string, kind: "plain" | "chat" | "short"): string {
  const id = `tiny/${kind}`;
  const folder = join(root, id);
  mkdirSync(join(folder, "onnx"), { recursive: true });
  const size = vocabulary.length;
  writeFileSync(
    join(folder, "onnx", "model.onnx"),
    onnxFile({
      inputs: ["input_ids", "attention_mask"],
      outputs: [{ name: "logits", rank: 3 }],
      weights: [{ name: "next", shape: [size, size], values: table() }],
      operators: [{ kind: "Gather", inputs: ["next", "input_ids"], output: "logits" }],
    }),
  );
  const files = {
    "config.json": {
      model_type: "gpt2",
      architectures: ["GPT2LMHeadModel"],
      vocab_size: size,
      n_layer: 1,
      n_head: 1,
      n_embd: 4,
      eos_token_id: end,
      ...(kind === "short" ? { n_positions: 8 } : {}),
    },
    // As many models come: made for sampling, which a route must not do.
    "generation_config.json": { do_sample: true, temperature: 5, eos_token_id: end },
    "tokenizer_config.json": {
      tokenizer_class: "PreTrainedTokenizerFast",
      unk_token: "[UNK]",
      pad_token: "[PAD]",
      eos_token: "[EOS]",
      ...(kind === "chat" ? { chat_template: template } : {}),
    },
  };
  for (const [name, content] of Object.entries(files)) {
    writeFileSync(join(folder, name), JSON.stringify(content));
  }
  writeFileSync(join(folder, "tokenizer.json"), tokenizerJson(vocabulary, false));
  return id;
}
