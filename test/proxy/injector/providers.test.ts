/** Base URLs that applications set: known providers keep their paths behind the sidecar, everything else stays. */
import { describe, expect, it } from "vitest";
import { baseUrlVariables, readBaseUrl } from "../../../proxy/injector/providers.ts";
import { joinPath } from "../../../proxy/wire/path.ts";

const [openai, , anthropic] = baseUrlVariables;
if (openai === undefined || anthropic === undefined) throw new Error("no variables");

const known = [
  "https://eu.api.openai.com/v1",
  "https://us.api.openai.com/v1",
  "https://shop.openai.azure.com/openai/v1",
  "https://shop.services.ai.azure.com/openai/v1",
  "https://api.cerebras.ai/v1",
  "https://api.deepseek.com/v1",
  "https://api.fireworks.ai/inference/v1",
  "https://api.groq.com/openai/v1",
  "https://api.mistral.ai/v1",
  "https://api.together.xyz/v1",
  "https://api.x.ai/v1",
  "https://generativelanguage.googleapis.com/v1beta/openai",
  "https://openrouter.ai/api/v1",
];

describe("a base URL of an application", () => {
  it.each(known)("of a known provider is kept, and its paths are the same: %s", (url) => {
    for (const text of [url, `${url}/`, ` ${url} `]) {
      expect(readBaseUrl(text, openai, [])).toEqual({
        kind: "known",
        url,
        host: new URL(url).host,
      });
    }
    // The client asks the sidecar for /app-.../v1/chat/completions, whose prefix is stripped.
    const path = joinPath(new URL(url), "/v1/chat/completions");
    expect(new URL(path, url).href).toBe(`${url}/chat/completions`);
  });

  it.each([
    ["https://api.openai.com/v1", "default"],
    ["https://api.openai.com/v1/", "default"],
    ["http://api.openai.com/v1", "known"],
    ["https://api.openai.com:8443/v1", "known"],
    ["https://api.openai.com", "path"],
    ["https://api.groq.com/openai/v2", "path"],
    ["http://127.0.0.1:9/v1", "local"],
    ["http://localhost:11434/v1", "local"],
    ["http://[::1]:4000", "local"],
    ["https://api.openai.com.evil.example/v1", "unknown"],
    ["https://eviltapi.openai.com.example/v1", "unknown"],
    ["https://user:secret@api.openai.com/v1", "unknown"],
    ["https://api.openai.com/v1?key=1", "unknown"],
    ["http://litellm.llm.svc:4000", "unknown"],
    ["ftp://api.openai.com/v1", "unknown"],
    ["api.openai.com/v1", "unknown"],
    ["not a url", "unknown"],
  ])("%s is %s", (text, kind) => {
    expect(readBaseUrl(text, openai, []).kind).toBe(kind);
  });

  it("of Anthropic has no version in it", () => {
    expect(readBaseUrl("https://api.anthropic.com/", anthropic, []).kind).toBe("default");
    expect(readBaseUrl("https://api.anthropic.com/v1", anthropic, []).kind).toBe("path");
    expect(readBaseUrl("https://api.openai.com/v1", anthropic, []).kind).toBe("unknown");
  });

  it("of a host that the operator names is kept where its paths stay the same", () => {
    const more = ["litellm.llm.svc:4000"];
    expect(readBaseUrl("http://litellm.llm.svc:4000/v1", openai, more)).toEqual({
      kind: "known",
      url: "http://litellm.llm.svc:4000/v1",
      host: "litellm.llm.svc:4000",
    });
    // Without /v1 the client asks for /chat/completions, which the sidecar would ask for under /v1.
    expect(readBaseUrl("http://litellm.llm.svc:4000", openai, more).kind).toBe("path");
    expect(readBaseUrl("http://litellm.llm.svc:5000/v1", openai, more).kind).toBe("unknown");
  });
});
