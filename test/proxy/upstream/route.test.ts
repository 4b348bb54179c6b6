/** The way to a provider: TLS with extra authorities, proxies, and the environment that names them. */
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { TLSSocket } from "node:tls";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { proxyRule } from "../../../proxy/upstream/proxy-rule.ts";
import { createUpstream } from "../../../proxy/upstream/upstream.ts";
import { createScriptedUpstream, type ScriptedUpstream } from "../../support/scripted-upstream.ts";
import { createConnectProxy } from "../../support/scripted-upstream-proxy.ts";
import { createTestAuthority, type TestAuthority } from "../../support/scripted-upstream-tls.ts";
import { callTo, drained, faultOf, pair, providerAt, replyOf } from "./upstream-call.ts";

let authority: TestAuthority;
let secure: ScriptedUpstream;
beforeAll(async () => {
  authority = await createTestAuthority();
  secure = await createScriptedUpstream({ tls: authority });
  secure.play({ body: "secret" });
});
afterAll(async () => {
  await secure.close();
  await authority.close();
});

async function fetched(
  env: Record<string, string>,
  url: string,
  caFiles: string[] = [],
): Promise<string> {
  const upstream = createUpstream({ env, caFiles });
  const sent = await upstream.send(callTo(providerAt(url)), false);
  const text = "kind" in sent ? sent.detail : (await drained(sent)).bytes.toString();
  await upstream.close();
  return text;
}

describe("TLS", () => {
  test("trusts an extra authority named by option or by NODE_EXTRA_CA_CERTS, and no stranger", async () => {
    expect(await fetched({}, secure.url, [authority.caFile])).toBe("secret");
    expect(await fetched({ NODE_EXTRA_CA_CERTS: authority.caFile }, secure.url)).toBe("secret");
    expect(await fetched({}, secure.url)).toBe("no connection: UNABLE_TO_VERIFY_LEAF_SIGNATURE");
  });

  test("checks the name on the certificate", async () => {
    const url = `https://127.0.0.2:${secure.port}`;
    const elsewhere = await createScriptedUpstream({ tls: authority, host: "127.0.0.2" });
    const wrong = url.replace(String(secure.port), String(elsewhere.port));
    expect(await fetched({}, wrong, [authority.caFile])).toBe(
      "no connection: ERR_TLS_CERT_ALTNAME_INVALID",
    );
    await elsewhere.close();
  });

  test("resumes a session on a further connection", async () => {
    const upstream = createUpstream({ env: {}, caFiles: [authority.caFile] });
    const resumed: boolean[] = [];
    secure.play(async (exchange) => {
      const { socket } = exchange;
      resumed.push(socket instanceof TLSSocket && socket.isSessionReused());
      await exchange.reply({ body: "x", isLast: true });
    });
    for (const _ of [1, 2]) {
      await drained(replyOf(await upstream.send(callTo(providerAt(secure.url)), false)));
    }
    expect(resumed).toEqual([false, true]);
    secure.play({ body: "secret" });
    await upstream.close();
  });

  test("refuses to start with an authority file that is missing or holds no certificate", async () => {
    const folder = await mkdtemp(join(tmpdir(), "sidestep-test-"));
    const empty = join(folder, "empty.pem");
    await writeFile(empty, "nothing");
    expect(() => createUpstream({ env: {}, caFiles: [empty] })).toThrow("holds no PEM certificate");
    const missing = join(folder, "missing.pem");
    expect(() => createUpstream({ env: { NODE_EXTRA_CA_CERTS: missing } })).toThrow("ENOENT");
    await rm(folder, { recursive: true });
  });
});

describe("HTTPS_PROXY", () => {
  test("tunnels to the provider, TLS end to end, and every header line passes as written", async () => {
    const proxy = await createConnectProxy();
    const upstream = createUpstream({
      env: { HTTPS_PROXY: proxy.url },
      caFiles: [authority.caFile],
    });
    const headers = ["Host", "localhost", "X-Dup", "1", "x-dup", "2", "X-Dup", "1"];
    const call = callTo(providerAt(secure.url), { headers });
    expect((await drained(replyOf(await upstream.send(call, false)))).bytes.toString()).toBe(
      "secret",
    );
    expect(proxy.asked).toEqual([`localhost:${secure.port}`]);
    expect(secure.exchanges.at(-1)?.head.headers.slice(0, 8)).toEqual(headers);
    await upstream.close();
    await proxy.close();
  });

  test("takes user and password from its URL", async () => {
    const proxy = await createConnectProxy();
    const url = `http://us%40er:p%3Ass@127.0.0.1:${proxy.port}`;
    expect(await fetched({ https_proxy: url }, secure.url, [authority.caFile])).toBe("secret");
    const proof = `Basic ${Buffer.from("us@er:p:ss").toString("base64")}`;
    expect(proxy.exchanges[0]?.head.headers).toContain(proof);
    await proxy.close();
  });

  test("may itself be spoken to over TLS", async () => {
    const proxy = await createConnectProxy({ tls: authority });
    const env = { HTTPS_PROXY: `https://localhost:${proxy.port}` };
    expect(await fetched(env, secure.url, [authority.caFile])).toBe("secret");
    expect(proxy.asked.length).toBe(1);
    await proxy.close();
  });

  test("that refuses, answers nonsense, hangs up or sends an endless head is a fault", async () => {
    const proxy = await createConnectProxy();
    const env = { HTTPS_PROXY: proxy.url };
    proxy.answer(407);
    expect(await fetched(env, secure.url)).toBe("no connection: PROXY_407");
    await proxy.close();
    const odd = await createScriptedUpstream();
    const rule = { HTTPS_PROXY: odd.url };
    odd.play(async (exchange) => void (await exchange.write("SSH-2.0-OpenSSH\r\n\r\n")));
    expect(await fetched(rule, secure.url)).toBe("no connection: PROXY_INVALID");
    odd.play((exchange) => void exchange.socket.end());
    expect(await fetched(rule, secure.url)).toBe("no connection: PROXY_CLOSED");
    odd.play(async (exchange) => void (await exchange.write("x".repeat(100_000))));
    expect(await fetched(rule, secure.url)).toBe("no connection: PROXY_INVALID");
    // Nothing of ours stays open towards a proxy that did not work out.
    for (const exchange of odd.exchanges) await exchange.closed;
    await odd.close();
    expect(await fetched(rule, secure.url)).toBe("no connection: ECONNREFUSED");
  });

  test("that says nothing runs into the connect limit", async () => {
    const silent = await createScriptedUpstream();
    silent.play({ fault: { phase: "before-headers", kind: "stall" }, when: "head" });
    const upstream = createUpstream({ env: { HTTPS_PROXY: silent.url } });
    const timeouts = { connectMs: 60, firstByteMs: 60_000, idleMs: 60_000 };
    const sent = await upstream.send(callTo(providerAt(secure.url, { timeouts })), false);
    expect(faultOf(sent)).toMatchObject({
      reason: "upstream_timeout",
      detail: "no connection: CONNECT_TIMEOUT",
    });
    await silent.exchanges[0]?.closed;
    await upstream.close();
    await silent.close();
  });

  test("is passed by for hosts of NO_PROXY", async () => {
    const env = { HTTPS_PROXY: "http://127.0.0.1:1", NO_PROXY: "example.com, localhost" };
    expect(await fetched(env, secure.url, [authority.caFile])).toBe("secret");
  });
});

describe("HTTP_PROXY", () => {
  test("reads absolute targets of plain calls and is told who calls", async () => {
    await using proxy = await pair();
    proxy.cloud.play({ body: "by proxy" });
    const url = `http://user@127.0.0.1:${proxy.cloud.port}`;
    expect(await fetched({ HTTP_PROXY: url }, "http://cloud.invalid:8080/")).toBe("by proxy");
    const head = proxy.cloud.exchanges[0]?.head;
    expect(head?.line).toBe("GET http://cloud.invalid:8080/ HTTP/1.1");
    const proof = `Basic ${Buffer.from("user:").toString("base64")}`;
    expect(head?.headers.slice(0, 4)).toEqual([
      "Host",
      "cloud.invalid:8080",
      "Proxy-Authorization",
      proof,
    ]);
  });

  test("shares its connections among providers", async () => {
    await using proxy = await pair();
    const upstream = createUpstream({ env: { http_proxy: proxy.cloud.url } });
    for (const host of ["a", "b"]) {
      const call = callTo(providerAt(`http://${host}.invalid`));
      await drained(replyOf(await upstream.send(call, false)));
    }
    expect([proxy.cloud.exchanges.length, proxy.cloud.connections]).toEqual([2, 1]);
    await upstream.close();
  });

  test("that wants to know who calls is a fault, not the provider's reply", async () => {
    await using proxy = await pair();
    proxy.cloud.play({ status: 407, body: "who?" });
    const url = "http://cloud.invalid/";
    expect(await fetched({ HTTP_PROXY: proxy.cloud.url }, url)).toBe("no connection: PROXY_407");
  });

  test("does not concern a provider that answers 407 itself", async () => {
    await using both = await pair();
    both.cloud.play({ status: 407 });
    expect(replyOf(await both.upstream.send(callTo(both.provider), false)).status).toBe(407);
  });
});

describe("the environment", () => {
  const secureProxy = "http://secure.proxy:1";
  const plainProxy = "plain.proxy:2";
  const env = {
    HTTPS_PROXY: secureProxy,
    http_proxy: plainProxy,
    NO_PROXY: "ignored",
    no_proxy: "",
  };

  test("names a proxy by the provider's scheme, lower case first", () => {
    const rule = proxyRule({ ...env, no_proxy: "none.example" });
    expect(rule(new URL("https://api.example.com"))?.host).toBe("secure.proxy:1");
    expect(rule(new URL("http://api.example.com"))?.host).toBe("plain.proxy:2");
    expect(proxyRule({})(new URL("https://api.example.com"))).toBeNull();
    expect(proxyRule({ HTTPS_PROXY: " " })(new URL("https://api.example.com"))).toBeNull();
  });

  test.each([
    ["api.example.com", "https://api.example.com", true],
    ["example.com", "https://api.example.com", true],
    [".example.com", "https://api.example.com", true],
    [".example.com", "https://example.com", true],
    ["*.example.com", "https://api.example.com", true],
    ["*.example.com", "https://example.com", false],
    ["ample.com", "https://example.com", false],
    ["EXAMPLE.com.", "https://API.example.COM.", true],
    ["a.test b.test,api.example.com", "https://api.example.com", true],
    ["*", "https://api.example.com", true],
    ["*:443", "https://api.example.com", true],
    ["*:80", "https://api.example.com", false],
    ["example.com:8443", "https://example.com:8443", true],
    ["example.com:8443", "https://example.com", false],
    ["127.0.0.1", "http://127.0.0.1:9", true],
    ["::1", "https://[::1]:9", true],
    ["[::1]", "https://[::1]:9", true],
    ["[::1]:9", "https://[::1]:9", true],
    ["[::1]:8", "https://[::1]:9", false],
    ["x,10.0.0.0/8", "http://10.20.30.40:8000", true],
    ["10.0.0.0/8", "http://11.0.0.1", false],
    ["10.0.0.0/8", "https://10.example.com", false],
    ["fd00::/8", "https://[fd12::1]", true],
    ["[fd00::]/8", "https://[fe80::1]", false],
    ["10.0.0.0/33 10.0.0/8 /8", "http://10.0.0.1", false],
  ])("NO_PROXY %s for %s: %s", (exempt, url, isDirect) => {
    const rule = proxyRule({ HTTPS_PROXY: secureProxy, HTTP_PROXY: plainProxy, NO_PROXY: exempt });
    expect(rule(new URL(url)) === null).toBe(isDirect);
  });

  test("with a proxy that cannot be used is refused without repeating it", () => {
    expect(() => proxyRule({ HTTPS_PROXY: "http://us:pw@[" })).toThrow("HTTPS_PROXY is not a URL");
    expect(() => proxyRule({ http_proxy: "socks5://us:pw@x:1" })).toThrow(
      "HTTP_PROXY: only http and https proxies are supported",
    );
  });
});
