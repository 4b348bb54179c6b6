/** Further attempts: only where the provider has surely seen nothing, and never on top of a client's own. */
import { Readable } from "node:stream";
import { describe, expect, test } from "vitest";
import type { UpstreamCall } from "../../../proxy/core/ports.ts";
import { createUpstream } from "../../../proxy/upstream/upstream.ts";
import type { Script } from "../../support/scripted-upstream.ts";
import { createConnectProxy, type ConnectProxy } from "../../support/scripted-upstream-proxy.ts";
import { callTo, drained, faultOf, pair, providerAt, replyOf } from "./upstream-call.ts";

/** A proxy that refuses, so that attempts to connect can be counted. */
async function refusing(
  changes: Partial<UpstreamCall>,
  retries = 2,
  seen: (proxy: ConnectProxy) => void = () => undefined,
): Promise<{ attempts: number; reason: string; isRetried: boolean }> {
  const proxy = await createConnectProxy();
  proxy.answer(503);
  seen(proxy);
  const upstream = createUpstream({ env: { HTTPS_PROXY: proxy.url } });
  const call = callTo(providerAt("https://cloud.invalid", { retries }), changes);
  const { reason, isRetried } = faultOf(await upstream.send(call, false));
  const attempts = proxy.asked.length;
  await upstream.close();
  await proxy.close();
  return { attempts, reason, isRetried };
}

describe("a connection that does not come about", () => {
  test("is tried again as often as the provider's retries say", async () => {
    const body = { kind: "whole", bytes: Buffer.from("x") } as const;
    expect(await refusing({ method: "POST", body })).toEqual({
      attempts: 3,
      reason: "upstream_unreachable",
      isRetried: true,
    });
    expect(await refusing({}, 1)).toMatchObject({ attempts: 2, isRetried: true });
    expect(await refusing({}, 0)).toMatchObject({ attempts: 1, isRetried: false });
  });

  test("is not tried again with a flowing body or for a client that retries itself", async () => {
    const body = { kind: "flowing", stream: Readable.from([]) } as const;
    expect((await refusing({ method: "POST", body })).attempts).toBe(1);
    const headers = ["Host", "x", "X-Stainless-Retry-Count", "1"];
    expect((await refusing({ headers })).attempts).toBe(1);
    expect((await refusing({ headers: headers.with(3, "0") })).attempts).toBe(3);
  });

  test("is not tried again once the caller is gone", async () => {
    const gone = new AbortController();
    const { attempts, reason } = await refusing({ signal: gone.signal }, 50, (proxy) => {
      const timer = setInterval(() => {
        if (proxy.asked.length < 2) return;
        clearInterval(timer);
        gone.abort();
      }, 1);
    });
    expect(reason).toBe("caller_gone");
    expect(attempts).toBeLessThan(5);
  });

  test("that comes about at the second try gives the reply", async () => {
    await using both = await pair();
    both.cloud.play({ body: "there" });
    await both.cloud.refuse();
    const call = callTo({ ...both.provider, retries: 20 });
    const sending = both.upstream.send(call, false);
    await both.cloud.accept();
    expect((await drained(replyOf(await sending))).bytes.toString()).toBe("there");
  });
});

describe("a kept connection that the provider has closed", () => {
  test("is noticed before anything is sent, and another one is taken", async () => {
    await using both = await pair();
    both.cloud.play(async (exchange) => {
      await exchange.body();
      exchange.socket.end("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
    });
    for (let at = 0; at < 100; at += 1) {
      const bytes = Buffer.from(String(at));
      const stream = Readable.from([bytes], { objectMode: false });
      const body =
        at % 2 === 0 ? ({ kind: "whole", bytes } as const) : ({ kind: "flowing", stream } as const);
      const call = callTo(both.provider, { method: "POST", body });
      expect((await drained(replyOf(await both.upstream.send(call, false)))).bytes.toString()).toBe(
        "ok",
      );
      const exchange = both.cloud.exchanges[at];
      expect((await exchange?.body())?.bytes.toString()).toBe(String(at));
    }
    expect(both.cloud.exchanges.length).toBe(100);
  });
});

describe("a kept connection that breaks just as a call is sent", () => {
  /** A call on a connection that another one left behind, and what becomes of it. */
  async function second(
    changes: Partial<UpstreamCall>,
    fault: Script,
  ): Promise<{ readonly seen: string; readonly connections: readonly number[] }> {
    await using both = await pair();
    both.cloud.play({ body: "again" });
    await drained(replyOf(await both.upstream.send(callTo(both.provider), false)));
    both.cloud.queue(fault);
    const sent = await both.upstream.send(callTo(both.provider, changes), false);
    const seen = "kind" in sent ? sent.reason : (await drained(sent)).bytes.toString();
    return { seen, connections: both.cloud.exchanges.map(({ connection }) => connection) };
  }

  const breaks = {
    reset: { when: "head", fault: { phase: "before-headers", kind: "reset" } },
    close: { when: "head", fault: { phase: "before-headers", kind: "close" } },
  } as const;

  test.each(["GET", "HEAD", "OPTIONS", "TRACE"])("lets %s be sent on another", async (method) => {
    for (const fault of Object.values(breaks)) {
      const { seen, connections } = await second({ method }, fault);
      expect([seen, connections]).toEqual([method === "HEAD" ? "" : "again", [0, 0, 1]]);
    }
  });

  test.each(["POST", "PUT", "PATCH", "DELETE"])("is a reset to %s, sent once", async (method) => {
    for (const fault of Object.values(breaks)) {
      const body = { kind: "whole", bytes: Buffer.from("x") } as const;
      const { seen, connections } = await second({ method, body }, fault);
      expect([seen, connections]).toEqual(["upstream_reset", [0, 0]]);
    }
  });

  test("is a reset to a POST with an Idempotency-Key, whose caller alone knows what it is worth", async () => {
    const body = { kind: "whole", bytes: Buffer.from("x") } as const;
    const headers = ["Idempotency-Key", "k1"];
    const { seen, connections } = await second({ method: "POST", body, headers }, breaks.reset);
    expect([seen, connections]).toEqual(["upstream_reset", [0, 0]]);
  });

  test("is a reset to a call with a body that flows, and once a byte of the reply has come", async () => {
    const body = { kind: "flowing", stream: Readable.from([Buffer.from("x")]) } as const;
    expect((await second({ body }, breaks.reset)).seen).toBe("upstream_reset");
    const late = { body: "x", fault: { phase: "mid-headers", kind: "reset" } } as const;
    expect((await second({}, late)).seen).toBe("upstream_reset");
  });
});

describe("a call that was sent", () => {
  test("is never sent twice, whatever becomes of it", async () => {
    await using both = await pair();
    const provider = { ...both.provider, retries: 5 };
    both.cloud.play({ fault: { phase: "before-headers", kind: "reset" } });
    expect(faultOf(await both.upstream.send(callTo(provider), false)).reason).toBe(
      "upstream_reset",
    );
    both.cloud.play({ status: 503, body: "busy" });
    await drained(replyOf(await both.upstream.send(callTo(provider), false)));
    expect(both.cloud.exchanges.length).toBe(2);
  });
});
