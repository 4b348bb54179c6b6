/** Providers by path, and paths at providers: nothing doubled, nothing lost, nothing normalised. */
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { joinPath, redirectedTarget, routeTarget } from "../../../proxy/wire/path.ts";

const names: ReadonlySet<string> = new Set(["openai", "anthropic", "azure", "groq"]);

function routed(target: string, headers: readonly string[] = []): string {
  const { provider, path } = routeTarget(target, headers, names);
  return `${provider} ${path}`;
}

describe("routeTarget", () => {
  it.each([
    ["/openai/v1/chat/completions", "openai /v1/chat/completions"],
    ["/openai/chat/completions?a=b", "openai /chat/completions?a=b"],
    ["/anthropic/v1/messages", "anthropic /v1/messages"],
    ["/anthropic/v1/chat/completions", "anthropic /v1/chat/completions"],
    ["/openai/v1/messages", "openai /v1/messages"],
    ["/groq/openai/v1/models", "groq /openai/v1/models"],
    [
      "/azure/openai/deployments/d/chat/completions?api-version=1",
      "azure /openai/deployments/d/chat/completions?api-version=1",
    ],
    ["/openai", "openai /"],
    ["/openai/", "openai /"],
    ["/openai?x=1", "openai /?x=1"],
    ["/openai//v1/%2e%2e/x", "openai //v1/%2e%2e/x"],
  ])("takes the prefix of %s", (target, expected) => {
    expect(routed(target)).toBe(expected);
  });

  it.each([
    "/openai/deployments/d/chat/completions?api-version=2024-10-21",
    "/openai/deployments",
    "/openai/responses?api-version=2025-03-01",
    "/openai/models?x=1&api-version=2024-10-21",
    "/openai/v1/responses?api-version=preview",
  ])("leaves Azure's own %s whole", (target) => {
    expect(routed(target)).toBe(`openai ${target}`);
  });

  it.each([
    ["/v1/messages", []],
    ["/v1/messages?beta=true", []],
    ["/v1/messages/count_tokens", []],
    ["/messages", []],
    ["/messages/batches", []],
    ["/v1/models", ["Anthropic-Version", "2023-06-01"]],
    ["/v1/files", ["X-Api-Key", "k"]],
  ])("knows Anthropic by %s %j", (target, headers) => {
    expect(routed(target, headers)).toBe(`anthropic ${target}`);
  });

  it.each([
    "/v1/chat/completions",
    "/v1/messagesx",
    "/x/messages",
    "/openaix/v1",
    "//openai/v1",
    "/",
    "/OpenAI/v1",
    "/%6fpenai/v1",
    "*",
  ])("takes OpenAI for %s", (target) => {
    expect(routed(target, ["authorization", "Bearer k"])).toBe(`openai ${target}`);
  });

  it.each([
    ["http://elsewhere.example/v1/messages?x", "anthropic /v1/messages?x"],
    ["HTTPS://u:p@elsewhere.example:1/openai/v1/x", "openai /v1/x"],
    ["http://elsewhere.example", "openai /"],
    ["http://elsewhere.example?x=/y", "openai /?x=/y"],
    ["/openai/http://elsewhere.example/v1", "openai /http://elsewhere.example/v1"],
  ])("takes only the path of %s", (target, expected) => {
    expect(routed(target)).toBe(expected);
  });

  it("names Anthropic or OpenAI even where the policy has neither", () => {
    expect(routeTarget("/openai/v1/x", [], new Set())).toEqual({
      provider: "openai",
      path: "/openai/v1/x",
    });
    expect(routeTarget("/v1/messages", [], new Set())).toMatchObject({ provider: "anthropic" });
  });
});

describe("redirectedTarget", () => {
  const hosts = new Map([
    ["llm.models:8000", "models"],
    ["vllm", "vllm"],
  ]);
  const of = (host: string, target = "/openai/v1/x?y=1") =>
    redirectedTarget(target, host === "" ? [] : ["Host", host], hosts);

  it.each([
    ["llm.models:8000", "models"],
    ["LLM.Models:8000", "models"],
    ["vllm", "vllm"],
    ["vllm:80", "vllm"],
    ["llm.models", ""],
    ["llm.models:8001", ""],
    ["evil.example", ""],
    ["localhost.evil.example", ""],
    ["127.0.0.1.evil.example", ""],
    ["10.0.0.1:4000", ""],
  ])("a call with Host %s is for %j, its path as it is", (host, provider) => {
    expect(of(host)).toEqual({ provider, path: "/openai/v1/x?y=1", isRedirected: true });
  });

  it.each(["localhost:4000", "127.0.0.1:4000", "127.0.0.53", "[::1]:4000", "LOCALHOST", ""])(
    "a call with Host %j was meant for the pod itself",
    (host) => expect(of(host)).toBeNull(),
  );

  it("no Host means anything where the policy names none", () => {
    expect(redirectedTarget("/v1/x", ["host", "evil.example"], new Map())).toBeNull();
  });
});

describe("joinPath", () => {
  it.each([
    ["https://h/v1", "/v1/x", "/v1/x"],
    ["https://h/v1/", "/v1/x", "/v1/x"],
    ["https://h/v1", "/chat/completions", "/v1/chat/completions"],
    ["https://h", "/v1/messages", "/v1/messages"],
    ["https://h", "/messages?beta=true", "/v1/messages?beta=true"],
    ["https://h", "/chat/completions", "/v1/chat/completions"],
    ["https://h/", "/models?limit=1", "/v1/models?limit=1"],
    ["https://h/api/openai/v1", "/v1/chat/completions", "/api/openai/v1/chat/completions"],
    ["https://h/api/openai/v1", "/responses", "/api/openai/v1/responses"],
    ["https://h/gateway", "/embeddings", "/gateway/v1/embeddings"],
    ["https://h/gateway", "/v1/embeddings", "/gateway/v1/embeddings"],
    ["https://h/v1", "/v1", "/v1"],
    ["https://h/v1", "/v1?x", "/v1?x"],
    ["https://h", "/", "/"],
    ["https://h/v1", "/", "/v1/"],
    ["https://h/v1", "/health", "/v1/health"],
    ["https://h", "/health", "/health"],
    ["https://h", "/models/g:generateContent", "/v1/models/g:generateContent"],
  ])("%s + %s", (url, path, expected) => {
    expect(joinPath(new URL(url), path)).toBe(expected);
  });

  it.each([
    ["https://h/v1", "/openai/deployments/d/chat/completions?api-version=1"],
    ["https://h", "/openai/v1/responses?api-version=preview"],
    ["https://h/v1", "/v1beta/models/g:streamGenerateContent?alt=sse"],
    ["https://h/v1", "/v1alpha/x"],
    ["https://h/v1", "/v1/models/g:generateContent"],
    ["https://h/v1", "/v1/projects/p/locations/l/publishers/google/models/g:countTokens"],
    ["https://h/v1", "/model/a.b%3A0/converse"],
    ["https://h/v1", "/api/chat"],
    ["https://h/v1", "/v2/chat"],
    ["https://x.openai.azure.com/openai/v1", "/openai/deployments/d"],
    ["https://h/v1beta", "/v1beta/models"],
    ["https://api.groq.com/openai/v1", "/openai/v1/chat/completions"],
  ])("%s keeps the scheme of %s", (url, path) => {
    expect(joinPath(new URL(url), path)).toBe(path);
  });

  it.each([
    ["https://g/v1beta/openai", "/v1/chat/completions", "/v1beta/openai/chat/completions"],
    ["https://g/v1beta/openai", "/chat/completions", "/v1beta/openai/chat/completions"],
    ["https://z/api/paas/v4", "/v1/chat/completions", "/api/paas/v4/chat/completions"],
    [
      "https://a/openai/deployments/d",
      "/v1/chat/completions?api-version=1",
      "/openai/deployments/d/chat/completions?api-version=1",
    ],
    [
      "https://a/openai/deployments/d",
      "/embeddings?api-version=1",
      "/openai/deployments/d/embeddings?api-version=1",
    ],
    [
      "https://c/v1/account/gateway/openai",
      "/chat/completions",
      "/v1/account/gateway/openai/chat/completions",
    ],
    [
      "https://c/v1/account/gateway/anthropic",
      "/v1/messages",
      "/v1/account/gateway/anthropic/v1/messages",
    ],
    ["https://h/prefix", "/api/chat", "/prefix/api/chat"],
    [
      "https://g/v1beta/openai",
      "/v1/models/ft:gpt-4o:acme::x1",
      "/v1beta/openai/models/ft:gpt-4o:acme::x1",
    ],
    ["https://g/v1beta/openai", "/v1/x?y=/models/a:b", "/v1beta/openai/x?y=/models/a:b"],
  ])("%s, which is no plain base, + %s", (url, path, expected) => {
    expect(joinPath(new URL(url), path)).toBe(expected);
  });

  it.each([
    ["https://h/v1", "//v1/models", "//v1/models"],
    ["https://h", "//v1/models", "//v1/models"],
    ["https://h/api/openai/v1", "///v1/models?x", "/api/openai///v1/models?x"],
    ["https://h/v1", "//v1", "//v1"],
    ["https://h/v1", "//v1beta/models", "/v1//v1beta/models"],
  ])("%s does not double /v1 behind a slash too many: %s", (url, path, expected) => {
    expect(joinPath(new URL(url), path)).toBe(expected);
  });

  it("keeps the bytes behind the first segment, whatever they are", () => {
    const rest = fc.stringMatching(/^[/.%a-zA-Z0-9?&=:+~-]*$/);
    fc.assert(
      fc.property(rest, fc.constantFrom("", "/v1", "/x/v1", "/x"), (tail, base) => {
        const url = new URL(`https://h${base}`);
        const root = base.replace(/\/v1$/, "");
        expect(joinPath(url, `/v1/${tail}`)).toBe(`${root}/v1/${tail}`);
        expect(joinPath(url, `/responses/${tail}`)).toBe(`${root}/v1/responses/${tail}`);
      }),
    );
  });

  it.each(["//x/../y", "/v1/%2e%2e/a//b?c=/../d", "/./x"])("does not normalise %s", (path) => {
    expect(joinPath(new URL("https://h"), path)).toBe(path);
  });
});
