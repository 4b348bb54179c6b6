/** A route answers with a text that the user's own small model writes, in the caller's protocol; whatever goes wrong is forwarded. */
import { mkdtemp, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import Anthropic from "@anthropic-ai/sdk";
import OpenAI from "openai";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createSimulatedCloud, type SimulatedCloud } from "../../examples/simulated-cloud/cloud.ts";
import { writeTextGenerator } from "../proxy/inference/tiny-writer.ts";
import { sidestep } from "../support/command.ts";
import { adminJson, eventually, startSidecar, type Sidecar } from "../support/sidecar.ts";

const written = "good morning to you";

let cloud: SimulatedCloud;
let models: string;
let sidecar: Sidecar;
let openai: OpenAI;
let anthropic: Anthropic;

beforeAll(async () => {
  cloud = await createSimulatedCloud({ ttftMs: 1, tokensPerSecond: 0 });
  models = await mkdtemp(join(tmpdir(), "sidestep-models-"));
  for (const kind of ["plain", "chat"] as const) writeTextGenerator(models, kind);
  sidecar = await startSidecar({ policy: policyFor(), env: { SIDESTEP_MODELS: models } });
  openai = new OpenAI({ baseURL: `${sidecar.url}/v1`, apiKey: "sk-test", maxRetries: 0 });
  anthropic = new Anthropic({ baseURL: sidecar.url, apiKey: "sk-test", maxRetries: 0 });
});

afterAll(async () => {
  await sidecar?.stop();
  await cloud?.close();
});

/** The conditions decide; no model of ours is needed. */
function policyFor(more = ""): string {
  return `version: 1
model: null
providers:
  openai: { url: ${cloud.url}/v1 }
  anthropic: { url: ${cloud.url} }
routes:
  - name: watched
    mode: observe
    when: { text: ^watched hello$ }
    answer: { generate: tiny/plain }
  - name: long
    when: { text: ^long }
    answer: { generate: { model: tiny/plain, max_tokens: 4096, timeout: 60s } }
  - name: observed
    mode: observe
    when: { text: ^observed loop$ }
    answer: { generate: { model: tiny/plain, max_tokens: 4096, timeout: 20ms } }
  - name: endless
    when: { text: loop$ }
    answer: { generate: { model: tiny/plain, max_tokens: 4096, timeout: 20ms } }
  - name: missing
    when: { text: ^missing }
    answer: { generate: org/nowhere }
  - name: with-prompt
    when: { text: ^prompted }
    answer: { generate: { model: tiny/plain, prompt: "{text} refund", stop: soon } }
  - name: chat
    when: { text: ^chat, system: any }
    answer: { generate: tiny/chat }
  - name: small
    when: { text: "hello$", system: any }
    answer: { generate: tiny/plain }
  - name: rest
    forward: {}
${more}`;
}

function callsOfCloud(): number {
  return cloud.state.journal.entries().length;
}

interface Seen {
  readonly decision: string | null;
  readonly reason: string | null;
  readonly text: string;
}

async function ask(content: string, more: object = {}): Promise<Seen> {
  const { data, response } = await openai.chat.completions
    .create({ model: "gpt-4o", messages: [{ role: "user", content }], ...more, stream: false })
    .withResponse();
  return {
    decision: response.headers.get("x-sidestep-decision"),
    reason: response.headers.get("x-sidestep-reason"),
    text: data.choices[0]?.message.content ?? "",
  };
}

describe("a generated answer", () => {
  it("is an ordinary completion, marked in its headers, and nothing reaches the cloud", async () => {
    const before = callsOfCloud();
    const given = { decision: "local", reason: "answered_generated", text: written };
    expect(await ask("hello")).toEqual(given);
    expect(await ask("hello")).toEqual(given);
    expect(callsOfCloud()).toBe(before);
  });

  it("streams to a caller that streams", async () => {
    const stream = await openai.chat.completions.create({
      model: "gpt-4o",
      messages: [{ role: "user", content: "hello" }],
      stream: true,
    });
    let text = "";
    const endings: unknown[] = [];
    for await (const { choices } of stream) {
      text += choices[0]?.delta.content ?? "";
      if (choices[0]?.finish_reason) endings.push(choices[0].finish_reason);
    }
    expect({ text, endings }).toEqual({ text: written, endings: ["stop"] });
  });

  it("has the Anthropic form for Anthropic's client, whole and streamed", async () => {
    const call = {
      model: "claude-haiku-4-5",
      max_tokens: 100,
      messages: [{ role: "user" as const, content: "hello" }],
    };
    const message = await anthropic.messages.create(call);
    expect(message).toMatchObject({ content: [{ text: written }], stop_reason: "end_turn" });
    expect(await anthropic.messages.stream(call).finalText()).toBe(written);
  });

  it("is written from the policy's prompt, or by the model's own chat template", async () => {
    expect((await ask("prompted")).text).toBe("money comes back");
    expect((await ask("chat")).text).toBe("one message was here");
    const system = { role: "system", content: "Be kind." };
    const messages = [system, { role: "user", content: "chat" }];
    expect((await ask("", { messages })).text).toBe("two messages were there");
  });

  it("is what explain shows, also for a route that only observes", async () => {
    const env = { SIDESTEP_MODELS: models };
    for (const asked of ["hello", "watched hello"]) {
      const args = ["explain", "--policy", sidecar.policyFile, "--json", asked];
      const { code, out } = await sidestep(args, "", env);
      expect(code).toBe(0);
      expect(JSON.parse(out)).toMatchObject({ reason: "answered_generated", answer: written });
    }
  });
});

describe("what is forwarded instead", () => {
  const lookUp = { type: "function", function: { name: "look_up", parameters: {} } };

  it.each<[string, object, string]>([
    ["tools", { tools: [lookUp] }, "tools_present"],
    ["several choices", { n: 2 }, "sampling_contract"],
    ["log probabilities", { logprobs: true }, "sampling_contract"],
    ["a seed", { seed: 1 }, "sampling_contract"],
    ["stop texts of the caller's own", { stop: ["x"] }, "sampling_contract"],
    ["JSON", { response_format: { type: "json_object" } }, "format_unsatisfied"],
    ["fewer tokens than the answer has", { max_tokens: 2 }, "generation_unfinished"],
  ])("a call that asks for %s", async (_, more, reason) => {
    expect(await ask("hello", more)).toMatchObject({ decision: "forwarded", reason });
  });

  it("a call whose text is not done in time", async () => {
    expect(await ask("loop")).toMatchObject({
      decision: "forwarded",
      reason: "generation_timeout",
    });
    expect((await ask("hello")).text).toBe(written);
  });

  it("a call for a model that is nowhere; the log and the policy page say where it belongs", async () => {
    const seen = { decision: "forwarded", reason: "generator_unavailable" };
    expect(await ask("missing")).toMatchObject(seen);
    expect(JSON.stringify(await adminJson(sidecar, "/policy"))).toContain("SIDESTEP_MODELS");
    expect(sidecar.log()).toContain("nothing is downloaded");
  });

  it("a call of a route that only observes: nothing is written for it, which would take too long", async () => {
    const { response } = await openai.chat.completions
      .create({ model: "gpt-4o", messages: [{ role: "user", content: "observed loop" }] })
      .withResponse();
    const id = response.headers.get("x-sidestep-request-id") ?? "";
    expect(await adminJson(sidecar, `/decisions?id=${id}`)).toMatchObject({
      decisions: [
        { reason: "observe_mode", wouldDecision: "local", wouldReason: "answered_generated" },
      ],
    });
  });
});

describe("other calls", () => {
  it("are served while a text is written", async () => {
    const order: string[] = [];
    const long = ask("long loop").then(({ reason }) => order.push(reason ?? ""));
    for (let call = 0; call < 3; call += 1) order.push((await ask("something else")).reason ?? "");
    await long;
    const other = "no_route_matched";
    expect(order).toEqual([other, other, other, "generation_unfinished"]);
  });
});

describe("a policy that generates", () => {
  it("must say for which calls", async () => {
    const folder = await mkdtemp(join(tmpdir(), "sidestep-"));
    const file = join(folder, "policy.yaml");
    await writeFile(
      file,
      `version: 1
routes:
  - name: everything
    answer: { generate: tiny/plain }
  - name: prompt
    when: { text: hi }
    answer: { generate: { model: tiny/plain, prompt: Be kind. } }
  - name: bounds
    when: { text: hi }
    answer: { generate: { model: tiny/plain, max_tokens: 0, timeout: 1h } }
`,
    );
    const { code, out } = await sidestep(["check", file]);
    expect(code).toBe(2);
    expect(out).toContain(`${file}:3:5: this would answer every call; narrow it down`);
    expect(out).toContain("`prompt` needs `{text}`");
    expect(out).toMatch(/10:.*whole number from 1 to 4096/u);
  });

  it("lets go of a model that no route names any more", async () => {
    const policy = policyFor().replaceAll("tiny/plain", "tiny/chat");
    await writeFile(sidecar.policyFile, policy);
    await eventually(async () =>
      (await ask("hello")).text.startsWith("one message") ? true : null,
    );
    const page = JSON.stringify(await adminJson(sidecar, "/policy"));
    expect(page).not.toContain("tiny/plain");
    await eventually(() =>
      /"generator".*"tiny\/plain".*"closed"/u.test(sidecar.log()) ? true : null,
    );
  });
});
