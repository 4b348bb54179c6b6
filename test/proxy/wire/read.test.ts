/** Reading never throws and never disagrees with splicing, whatever the bytes are. */
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { openAiParameters } from "../../../proxy/wire/openai-chat-request.ts";
import { anthropicParameters } from "../../../proxy/wire/anthropic-messages-request.ts";
import { codecOf } from "../../../proxy/wire/table.ts";

const unread = { kind: "unread", reason: "body_unreadable" };
const good = '{"model":"m","max_tokens":9,"messages":[{"role":"user","content":"hi"}]}';

describe.each(["openai-chat", "anthropic-messages"] as const)("%s", (protocol) => {
  const codec = codecOf(protocol);
  const read = (text: string): unknown => codec.read(Buffer.from(text), []);

  it("reads the plain call that the odd ones below are made from", () => {
    expect(read(good)).toMatchObject({ kind: "view", view: { text: "hi", barriers: [] } });
  });

  it.each([
    ["a byte order mark", `\uFEFF${good}`],
    ["nothing", ""],
    ["broken JSON", good.slice(0, -1)],
    ["NaN", good.replace('"hi"', "NaN")],
    ["a repeated top-level key", good.replace("{", '{"model":"n",')],
    ["a repeated key in escapes", good.replace("{", '{"mod\\u0065l":"n",')],
    ["a repeated key anywhere", good.replace('"content"', '"content":"no","content"')],
    ["a repeated key in a parameter", good.replace("{", '{"metadata":{"a":[{"b":1,"b":1}]},')],
    ["a number beyond all numbers", good.replace("9", "1e999")],
    ["deep lists", good.replace('"hi"', "[".repeat(300_000))],
    [
      "deep lists that close",
      good.replace("{", `{"x":${"[".repeat(50_000)}${"]".repeat(50_000)},`),
    ],
    ["deep objects", good.replace("{", `{"x":${'{"a":'.repeat(5000)}1${"}".repeat(5000)},`)],
  ])("does not read %s", (_what, text) => {
    expect(read(text)).toEqual(unread);
  });

  it("does not read invalid UTF-8, also where it would only be a replacement character", () => {
    const bytes = Buffer.from(good.replace("hi", "hé"), "latin1");
    expect(codec.read(bytes, [])).toEqual(unread);
    expect(codec.read(bytes.subarray(0, 0), [])).toEqual(unread);
  });

  it("is not fooled by brackets and quotes in texts", () => {
    const text = `\\"]}:${"[".repeat(1000)}\\\\`;
    expect(read(good.replace('"hi"', JSON.stringify(text)))).toMatchObject({ view: { text } });
  });

  it("never throws on any bytes", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        expect(codec.read(Buffer.from(bytes), [])).toEqual(unread);
      }),
    );
  });

  it("never throws on any JSON in any known place", () => {
    const names = [...(protocol === "openai-chat" ? openAiParameters : anthropicParameters).keys()];
    const value = fc.jsonValue({ maxDepth: 4 });
    const mostly = <T>(usual: fc.Arbitrary<T>): fc.Arbitrary<unknown> =>
      fc.oneof({ weight: 30, arbitrary: usual }, { weight: 1, arbitrary: value });
    const type = fc.constantFrom("text", "text", "text", "image", "tool_use");
    const part = mostly(fc.record({ type: mostly(type), text: mostly(fc.string()) }));
    const content = mostly(fc.oneof(fc.string(), fc.array(part, { maxLength: 3 })));
    const role = fc.constantFrom("user", "assistant", "system", "user", "tool");
    const message = mostly(fc.record({ role: mostly(role), content }));
    const more = fc.dictionary(fc.oneof(fc.constantFrom(...names), fc.string()), value, {
      maxKeys: 2,
    });
    const messages = mostly(fc.array(message, { minLength: 1, maxLength: 3 }));
    const call = fc.record({ more, messages, model: mostly(fc.constant("m")) });
    let views = 0;
    fc.assert(
      fc.property(call, ({ more: extra, messages: said, model }) => {
        const body = JSON.stringify({ max_tokens: 9, ...extra, messages: said, model });
        const reading = codec.read(Buffer.from(body), ["anthropic-beta", "x", "openai-beta", "y"]);
        if (reading.kind === "view") views += 1;
        else expect(reading).toEqual(unread);
      }),
      { numRuns: 2000, seed: 7 },
    );
    expect(views).toBeGreaterThan(300);
    expect(views).toBeLessThan(1900);
  });
});
