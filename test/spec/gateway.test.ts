/** Gateway mode: nobody is served without a key, no key of a caller reaches a provider, and every record says who called. */
import { createHash } from "node:crypto";
import { once } from "node:events";
import { request } from "node:http";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import Anthropic from "@anthropic-ai/sdk";
import OpenAI from "openai";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { createSimulatedCloud, type SimulatedCloud } from "../../examples/simulated-cloud/cloud.ts";
import { eventsOf } from "../support/application.ts";
import { sidestep } from "../support/command.ts";
import { eventually, startSidecar, type Sidecar, type SidecarOptions } from "../support/sidecar.ts";

const shopKey = "sk-sidestep-shop-0123456789abcdef0123456789";
const searchKey = "sk-sidestep-search-0123456789abcdef01234567";
const openaiKey = "sk-provider-openai";
const anthropicKey = "sk-provider-anthropic";

let cloud: SimulatedCloud;
let sidecar: Sidecar;

beforeAll(async () => {
  cloud = await createSimulatedCloud({ ttftMs: 1, tokensPerSecond: 0 });
});
afterAll(() => cloud?.close());

beforeEach(() => cloud.state.journal.clear());
afterEach(() => sidecar?.stop());

const hashOf = (key: string): string => createHash("sha256").update(key).digest("hex");

const callers = `callers:
  shop: { sha256: "${hashOf(shopKey)}" }
  search: { sha256: ["${hashOf(searchKey)}", "${hashOf("an-older-key-of-the-search-team-0123")}"] }
`;

function policyWith(more = callers): string {
  return `version: 1
model: null
providers:
  openai: { url: ${cloud.url}/v1, key: ${openaiKey} }
  anthropic: { url: ${cloud.url}, key: ${anthropicKey} }
cache: { mode: exact, scope: global }
routes:
  - name: shop-ping
    when: { caller: shop, text: "^ping$" }
    answer: { template: "pong for the shop" }
  - name: search-keeps-out
    when: { caller: [search], model: gpt-4o }
    refuse: { status: 403, message: "The search team has no gpt-4o." }
${more}`;
}

async function started(more: Partial<SidecarOptions> = {}): Promise<Sidecar> {
  const flags = ["--gateway", ...(more.flags ?? [])];
  sidecar = await startSidecar({ policy: policyWith(), ...more, flags });
  return sidecar;
}

const openai = (apiKey: string): OpenAI =>
  new OpenAI({ baseURL: `${sidecar.url}/v1`, apiKey, maxRetries: 0 });
const anthropic = (apiKey: string): Anthropic =>
  new Anthropic({ baseURL: sidecar.url, apiKey, maxRetries: 0 });
const said = (content: string, model = "gpt-4o-mini") => ({
  model,
  messages: [{ role: "user" as const, content }],
});
const asked = (content: string) => ({
  ...said(content, "claude-3-haiku-20240307"),
  max_tokens: 50,
});

/** What the provider has seen of credentials. */
function credentials(): readonly string[] {
  return cloud.state.journal.entries().flatMap(({ rawHeaders }) =>
    rawHeaders.filter((_, at) => {
      const name = (rawHeaders[at - 1] ?? "").toLowerCase();
      return at % 2 === 1 && ["authorization", "x-api-key", "api-key"].includes(name);
    }),
  );
}

describe("a gateway does not start", () => {
  it.each([
    ["without callers", "", "a gateway lets nobody in without `callers`"],
    ["with none of them", "callers: {}\n", "this map names no caller"],
    ["with a hash that is none", 'callers: { shop: { sha256: "abc" } }\n', "64 hexadecimal digits"],
    [
      "with one key for two",
      `callers: { a: { sha256: "${hashOf("k")}" }, b: { sha256: "${hashOf("k")}" } }\n`,
      "the caller `a` has this key too",
    ],
  ])("%s", async (_, more, words) => {
    for (const extra of [[], ["--start-anyway"]]) {
      const failed = started({ policy: policyWith(more), flags: extra });
      await expect(failed).rejects.toThrow(words);
      await expect(failed).rejects.toThrow("ended with 2");
    }
  });

  it("and `sidestep check --gateway` says so before, with levels as `run` takes them", async () => {
    await started();
    const open = join(sidecar.folder, "open.yaml");
    const named = join(sidecar.folder, "callers.yaml");
    await writeFile(open, policyWith(""));
    await writeFile(named, callers);
    expect((await sidestep(["check", open])).code).toBe(0);
    const alone = await sidestep(["check", "--gateway", open]);
    expect(alone.code).toBe(2);
    expect(alone.out).toContain(`${open}:1:1: a gateway lets nobody in without \`callers\``);
    const levels = ["--policy", named, "--policy", open];
    expect((await sidestep(["check", "--gateway", ...levels])).code).toBe(0);
  });
});

describe("a caller that the policy names", () => {
  it("is served by the official clients, and the provider sees its own key alone", async () => {
    await started();
    const chat = await openai(shopKey).chat.completions.create(said("hello"));
    expect(chat.choices[0]?.message.content).toBeTruthy();
    const message = await anthropic(searchKey).messages.create(asked("hello"));
    expect(message.content[0]?.type).toBe("text");
    const stream = await openai(searchKey).chat.completions.create({ ...said("a"), stream: true });
    for await (const chunk of stream) expect(chunk.object).toBe("chat.completion.chunk");
    const models = await openai(shopKey).models.list();
    expect(models.data.length).toBeGreaterThan(0);
    const bearer = `Bearer ${openaiKey}`;
    expect(credentials()).toEqual([bearer, anthropicKey, bearer, bearer]);
    expect(JSON.stringify(cloud.state.journal.entries())).not.toContain("sk-sidestep-");
  });

  it("has routes of its own", async () => {
    await started();
    const shop = await openai(shopKey).chat.completions.create(said("ping"));
    expect(shop.choices[0]?.message.content).toBe("pong for the shop");
    const search = await openai(searchKey).chat.completions.create(said("ping"));
    expect(search.choices[0]?.message.content).not.toBe("pong for the shop");
    const refused = openai(searchKey).chat.completions.create(said("hello", "gpt-4o"));
    await expect(refused).rejects.toThrow("The search team has no gpt-4o.");
    await openai(shopKey).chat.completions.create(said("hello", "gpt-4o"));
  });

  it("cannot talk its way around them by request headers", async () => {
    await started();
    for (const headers of [{ "x-sidestep-mode": "bypass" }, { "x-sidestep-mode": "observe" }]) {
      const options = { headers };
      const refused = openai(searchKey).chat.completions.create(said("hello", "gpt-4o"), options);
      await expect(refused).rejects.toThrow("The search team has no gpt-4o.");
    }
  });

  it("gets no stored reply of another one, though the policy shares them", async () => {
    await started();
    const decisionOf = async (key: string): Promise<string | null> => {
      const { response } = await openai(key).chat.completions.create(said("once")).withResponse();
      return response.headers.get("x-sidestep-decision");
    };
    expect(await decisionOf(shopKey)).toBe("forwarded");
    await eventually(async () => ((await decisionOf(shopKey)) === "cache" ? true : null));
    expect(await decisionOf(searchKey)).toBe("forwarded");
  });

  it("is named in log, decisions, metrics and audit log, and its key nowhere", async () => {
    const audit = join((await started()).folder, "audit.jsonl");
    await writeFile(sidecar.policyFile, `${policyWith()}audit: { file: ${audit} }\n`);
    await eventually(async () => ((await readFile(audit, "utf8").catch(() => "")) ? true : null));
    await openai(shopKey).chat.completions.create(said("ping"));
    await openai(searchKey).chat.completions.create(said("hello"));
    await expect(openai("sk-nobody").chat.completions.create(said("hello"))).rejects.toThrow("401");
    await eventually(() => (eventsOf(sidecar, "call").length === 3 ? true : null));
    const told = [
      ["shop", "answered_template"],
      ["search", "no_route_matched"],
      [null, "caller_unknown"],
    ];
    const pairOf = ({ callerName, reason }: { callerName?: unknown; reason?: unknown }) => [
      callerName,
      reason,
    ];
    expect(eventsOf(sidecar, "call").map(pairOf)).toEqual(told);
    const page = await (await fetch(`${sidecar.admin}/decisions`)).text();
    const { decisions } = JSON.parse(page);
    expect(decisions.map(pairOf).toReversed()).toEqual(told);
    const metrics = await (await fetch(`${sidecar.admin}/metrics`)).text();
    expect(metrics).toContain(
      'sidestep_caller_requests_total{caller="shop",decision="local"} 1\n' +
        'sidestep_caller_requests_total{caller="search",decision="forwarded"} 1\n' +
        'sidestep_caller_requests_total{caller="none",decision="refused"} 1\n',
    );
    expect(metrics).toMatch(
      /sidestep_caller_tokens_total\{caller="search",direction="output"\} \d/,
    );
    const lines = await eventually(async () => {
      const found = (await readFile(audit, "utf8"))
        .split("\n")
        .filter((line) => line.includes('"event":"call"'));
      return found.length === 3 ? found : null;
    });
    expect(lines.map((line) => pairOf(JSON.parse(line)))).toEqual(told);
    const everything = [sidecar.log(), page, metrics, ...lines].join("\n");
    for (const key of [shopKey, searchKey]) expect(everything).not.toContain(key);
  });

  it("loses its key by a reload, and a reload that names no callers is refused", async () => {
    await started();
    const isServed = async (key: string): Promise<boolean> => {
      const reply = await fetch(`${sidecar.url}/v1/models`, {
        headers: { authorization: `Bearer ${key}` },
      });
      await reply.text();
      return reply.status === 200;
    };
    expect(await isServed(shopKey)).toBe(true);
    await writeFile(sidecar.policyFile, policyWith(""));
    await eventually(() => (eventsOf(sidecar, "policy_refused").length > 0 ? true : null));
    expect(await isServed(shopKey)).toBe(true);
    expect(await isServed("sk-nobody")).toBe(false);
    await writeFile(
      sidecar.policyFile,
      policyWith(callers.replace(hashOf(shopKey), hashOf("a-new-key-of-the-shop-0123456789"))),
    );
    await eventually(async () => ((await isServed(shopKey)) ? null : true));
    expect(await isServed("a-new-key-of-the-shop-0123456789")).toBe(true);
  });
});

describe("who carries no key", () => {
  it("is refused in its own protocol's form, before its body is read", async () => {
    await started();
    const chat = openai("sk-wrong").chat.completions.create(said("hello"));
    await expect(chat).rejects.toBeInstanceOf(OpenAI.AuthenticationError);
    await expect(chat).rejects.toMatchObject({ status: 401, code: "sidestep_caller_unknown" });
    const message = anthropic("sk-wrong").messages.create(asked("hello"));
    await expect(message).rejects.toBeInstanceOf(Anthropic.AuthenticationError);
    await expect(message).rejects.toMatchObject({
      error: { type: "error", error: { type: "sidestep_caller_unknown" } },
    });
    const call = request(`${sidecar.url}/v1/chat/completions`, {
      method: "POST",
      headers: { "content-type": "application/json", "content-length": "1000000" },
    });
    call.on("error", () => undefined);
    call.write("{");
    const [reply] = await once(call, "response");
    expect(reply.statusCode).toBe(401);
    expect(reply.headers["www-authenticate"]).toBe("Bearer");
    call.destroy();
    expect(cloud.state.journal.count).toBe(0);
  });

  it("is refused whatever it calls: unread paths, bypass, prefixes, upgrades", async () => {
    await started();
    const calls = [
      ["/v1/models", {}],
      ["/openai/v1/files", {}],
      ["/anthropic/v1/messages/batches", {}],
      ["/v1/chat/completions", { "x-sidestep-mode": "bypass" }],
      ["/v1/chat/completions", { authorization: "Basic c2hvcDpzaG9w" }],
    ] as const;
    for (const [path, headers] of calls) {
      const reply = await fetch(`${sidecar.url}${path}`, { headers });
      expect(reply.status).toBe(401);
      await reply.text();
    }
    const switched = request(`${sidecar.url}/v1/realtime`, {
      headers: { connection: "Upgrade", upgrade: "websocket" },
    });
    switched.end();
    const [reply] = await once(switched, "response");
    expect(reply.statusCode).toBe(401);
    reply.resume();
    expect(cloud.state.journal.count).toBe(0);
  });
});

describe("`sidestep key`", () => {
  it("makes a key that the policy's part of it lets in", async () => {
    const { code, out } = await sidestep(["key", "fresh", "--json"]);
    expect(code).toBe(0);
    const { key, name, sha256 } = JSON.parse(out);
    expect(name).toBe("fresh");
    expect(key).toMatch(/^sk-sidestep-[A-Za-z0-9_-]{43}$/);
    expect(sha256).toBe(hashOf(key));
    const told = await sidestep(["key", "fresh"]);
    const own = /shown this once: (\S+)\n/.exec(told.out)?.[1] ?? "";
    await started({ policy: policyWith(told.out) });
    expect((await openai(own).models.list()).data.length).toBeGreaterThan(0);
  });

  it("hashes a key that there is already, and does not print it", async () => {
    const { out } = await sidestep(["key", "shop", "--stdin"], `${shopKey}\n`);
    expect(out).toBe(`callers:\n  shop: { sha256: "${hashOf(shopKey)}" }\n`);
  });

  it.each([
    [["key"], "key needs a name"],
    [["key", "two words"], "a name begins with a letter"],
    [["key", "a", "b"], "key makes one key"],
    [["key", "shop", "--stdin"], "at least 32 characters"],
  ])("is refused for %j", async (args, words) => {
    const { code, err } = await sidestep(args, "short\n");
    expect(code).toBe(2);
    expect(err).toContain(words);
  });
});

describe("`sidestep explain --caller`", () => {
  it("shows the decision for one of them", async () => {
    await started();
    const args = ["explain", "--policy", sidecar.policyFile, "--json", "ping"];
    const forShop = await sidestep([...args, "--caller", "shop"]);
    expect(JSON.parse(forShop.out)).toMatchObject({ decision: "local", route: "shop-ping" });
    const forNobody = await sidestep(args);
    expect(JSON.parse(forNobody.out)).toMatchObject({ decision: "forwarded" });
    const page = await fetch(`${sidecar.admin}/explain?text=ping&caller=shop`);
    expect(await page.json()).toMatchObject({ route: "shop-ping" });
  });
});
