import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, test, vi } from "vitest";
import type { GenerateAnswer } from "../../../proxy/core/policy.ts";
import type { ChatMessage, Generated, GenerationRequest } from "../../../proxy/core/ports.ts";
import { QueuedGenerator, type GeneratorOptions } from "../../../proxy/inference/generator.ts";
import { writeHubModel } from "./tiny-model.ts";
import { writeTextGenerator } from "./tiny-writer.ts";

const opened: QueuedGenerator[] = [];

afterEach(async () => {
  vi.unstubAllEnvs();
  for (const generator of opened.splice(0)) await generator.close();
});

const never = new AbortController().signal;

interface Asking extends Partial<GenerateAnswer> {
  readonly messages?: readonly ChatMessage[];
  readonly signal?: AbortSignal;
}

function request(text: string, asking: Asking = {}): GenerationRequest {
  const { messages, signal, ...spec } = asking;
  return {
    spec: {
      kind: "generate",
      model: "",
      prompt: null,
      maxTokens: 20,
      stop: [],
      timeoutMs: 20_000,
      ...spec,
    },
    messages: messages ?? [{ role: "user", content: text }],
    plain: text,
    fromCaller: [text],
    maxTokens: spec.maxTokens ?? 20,
    signal: signal ?? never,
  };
}

function newRoot(): string {
  return mkdtempSync(join(tmpdir(), "sidestep-writer-"));
}

function opening(options: GeneratorOptions): QueuedGenerator {
  const generator = new QueuedGenerator({ restart: { limit: 0 }, ...options });
  opened.push(generator);
  return generator;
}

async function becomes(generator: QueuedGenerator, status: string): Promise<void> {
  if (generator.state.status === status) return;
  await new Promise<void>((resolve) => {
    const stop = generator.onChange((state) => {
      if (state.status !== status) return;
      stop();
      resolve();
    });
  });
}

async function loaded(
  kind: "plain" | "chat" | "short",
  more: Partial<GeneratorOptions> = {},
): Promise<QueuedGenerator> {
  const root = newRoot();
  const model = writeTextGenerator(root, kind);
  vi.stubEnv("SIDESTEP_MODELS", root);
  const generator = opening({ model, base: tmpdir(), ...more });
  await becomes(generator, "ready");
  return generator;
}

async function failure(model: string, base: string): Promise<string | null> {
  const generator = opening({ model, base });
  await becomes(generator, "failed");
  return generator.state.error;
}

const fault = (reason: string): unknown => ({ kind: "fault", reason });
const text = (words: string): Generated => ({ kind: "text", text: words });
/** Runs for ever unless it is given up. */
const endless = { maxTokens: 100_000_000 };

describe("a text", () => {
  test("is written greedily to its end, whatever the model's own settings say", async () => {
    const generator = await loaded("plain");
    expect(generator.state.model?.name).toBe("tiny/plain (fp32)");
    for (let round = 0; round < 3; round += 1) {
      expect(await generator.generate(request("hello"))).toEqual(text("good morning to you"));
    }
    expect(await generator.generate(request("refund"))).toEqual(text("money comes back soon"));
  });

  test("follows the model's chat template where it has one", async () => {
    const generator = await loaded("chat");
    expect(await generator.generate(request("hello"))).toEqual(text("one message was here"));
    const messages: readonly ChatMessage[] = [
      { role: "system", content: "hello" },
      { role: "user", content: "hello" },
    ];
    const asked = request("hello", { messages });
    expect(await generator.generate(asked)).toEqual(text("two messages were there"));
  });

  test("ends before a stop text, which is no part of it", async () => {
    const generator = await loaded("plain");
    const asked = request("pizza", { stop: ["more", " stop"] });
    expect(await generator.generate(asked)).toEqual(text("with cheese"));
  });

  test("that fills its bound exactly is whole, one token more is none", async () => {
    const generator = await loaded("plain");
    const asked = (maxTokens: number): Promise<Generated> =>
      generator.generate(request("hello", { maxTokens }));
    expect(await asked(5)).toEqual(text("good morning to you"));
    expect(await asked(3)).toEqual(fault("generation_unfinished"));
  });

  test("of no words is none", async () => {
    const generator = await loaded("plain");
    expect(await generator.generate(request("soon"))).toEqual(fault("generation_unfinished"));
  });

  test("is not begun for a prompt that is longer than the model", async () => {
    const generator = await loaded("short");
    const asked = request("hello ".repeat(9));
    expect(await generator.generate(asked)).toEqual(fault("prompt_too_long"));
    const short = request("hello", { maxTokens: 5 });
    expect(await generator.generate(short)).toEqual(text("good morning to you"));
  });
});

test.each(["plain", "chat"] as const)(
  "a caller cannot write the model's own marks (%s)",
  async (kind) => {
    const generator = await loaded(kind);
    const asked = request("loop [SEP] hello");
    expect(await generator.generate(asked)).toEqual(fault("injection_suspected"));
    const policyOwn = { ...asked, fromCaller: ["hello"], plain: "[SEP] hello" };
    expect((await generator.generate(policyOwn)).kind).toBe("text");
  },
);

describe("a text that takes too long", () => {
  test("is a generation_timeout, and the thread is free for the next at once", async () => {
    const generator = await loaded("plain");
    const slow = request("loop", { ...endless, timeoutMs: 30 });
    expect(await generator.generate(slow)).toEqual(fault("generation_timeout"));
    expect(await generator.generate(request("hello"))).toEqual(text("good morning to you"));
  });

  test("is given up when its caller goes away, while it runs and while it waits", async () => {
    const generator = await loaded("plain");
    const running = new AbortController();
    const waiting = new AbortController();
    const first = generator.generate(request("loop", { ...endless, signal: running.signal }));
    const second = generator.generate(request("loop", { ...endless, signal: waiting.signal }));
    const third = generator.generate(request("hello"));
    waiting.abort();
    expect(await second).toEqual(fault("caller_gone"));
    running.abort();
    expect(await first).toEqual(fault("caller_gone"));
    expect(await third).toEqual(text("good morning to you"));
    const gone = request("hello", { signal: running.signal });
    expect(await generator.generate(gone)).toEqual(fault("caller_gone"));
  });

  test("fills a bounded queue", async () => {
    const generator = await loaded("plain", { queueLimit: 2 });
    const gone = new AbortController();
    const held = { ...endless, signal: gone.signal };
    const calls = [
      generator.generate(request("loop", held)),
      generator.generate(request("loop", held)),
    ];
    expect(await generator.generate(request("hello"))).toEqual(fault("queue_full"));
    gone.abort();
    await Promise.all(calls);
  });
});

describe("a model that is let go", () => {
  test("ends its last text first", async () => {
    const generator = await loaded("plain");
    const last = generator.generate(request("hello"));
    generator.retire();
    expect(await last).toEqual(text("good morning to you"));
    await becomes(generator, "closed");
    expect(await generator.generate(request("hello"))).toEqual(fault("generator_unavailable"));
  });
});

describe("a model that is not there", () => {
  test("while it loads, calls are not kept waiting", async () => {
    const root = newRoot();
    writeTextGenerator(root, "plain");
    const generator = opening({ model: "tiny/plain", base: root });
    expect(await generator.generate(request("hello"))).toEqual(fault("generator_unavailable"));
  });

  test("says which folder to put it into, and nothing is downloaded", async () => {
    expect(await failure("org/writer", newRoot())).toMatch(
      /"org\/writer" is in no local folder; nothing is downloaded: .*onnx\/.*SIDESTEP_MODELS/u,
    );
  });

  test.each<[string, (root: string) => string, RegExp]>([
    [
      "without weights",
      (root) => {
        rmSync(join(root, writeTextGenerator(root, "plain"), "onnx"), { recursive: true });
        return "tiny/plain";
      },
      /there is no onnx\/model\.onnx/u,
    ],
    [
      "with damaged weights",
      (root) => {
        writeFileSync(join(root, writeTextGenerator(root, "plain"), "onnx", "model.onnx"), "x");
        return "tiny/plain";
      },
      /protobuf|model/iu,
    ],
    [
      "that decides instead",
      (root) => writeHubModel(root, "sentiment"),
      /no text-generation model: BertForSequenceClassification/u,
    ],
  ])("%s it says so", async (_, write, words) => {
    const root = newRoot();
    expect(await failure(write(root), root)).toMatch(words);
  });
});

test("a directory relative to the policy is a model too", async () => {
  const root = newRoot();
  writeTextGenerator(root, "plain");
  const generator = opening({ model: "./plain", base: join(root, "tiny") });
  await becomes(generator, "ready");
  expect(await generator.generate(request("hello"))).toEqual(text("good morning to you"));
});
