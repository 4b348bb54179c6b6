/** Calls as server-sent events: nothing is lost that is remembered, and nobody who follows can cost memory. */
import { connect } from "node:net";
import { once } from "node:events";
import type { IncomingMessage } from "node:http";
import * as v from "valibot";
import { afterEach, describe, expect, it } from "vitest";
import { createParser } from "eventsource-parser";
import type { DecisionRecord } from "../../../proxy/core/decision.ts";
import { EventFeed, type FeedOptions } from "../../../proxy/server/event-feed.ts";
import { createSmallServer, type SmallServer } from "../../../proxy/server/small-server.ts";
import { callRoutes } from "../../../proxy/server/admin-calls.ts";
import { DecisionRing } from "../../../proxy/telemetry/decision-ring.ts";
import { forwardedVerdict, recordOf, verdictOf } from "../telemetry/records.ts";
import { begin, until } from "./harness.ts";

const calls = v.object({
  calls: v.array(v.looseObject({ id: v.string(), decision: v.string() })),
  skipped: v.number(),
  total: v.number(),
});

interface Event {
  readonly id: string | undefined;
  readonly name: string | undefined;
  readonly data: string;
}

/** A page that follows. */
class Follower {
  readonly events: Event[] = [];
  readonly response: IncomingMessage;
  beats = 0;

  constructor(response: IncomingMessage) {
    this.response = response;
    const parser = createParser({
      onEvent: ({ id, event, data }) => this.events.push({ id, name: event, data }),
      onComment: () => (this.beats += 1),
    });
    response.on("data", (chunk: Buffer) => parser.feed(chunk.toString()));
    response.on("error", () => undefined);
  }

  /** Ids of the calls in the order in which events brought them; within an event the newest is first. */
  get ids(): string[] {
    return this.events
      .filter(({ name }) => name === "calls")
      .flatMap(({ data }) => v.parse(calls, JSON.parse(data)).calls.map(({ id }) => id));
  }

  get lastId(): string {
    return this.events.findLast(({ id }) => id !== undefined)?.id ?? "";
  }

  async saw(count: number): Promise<void> {
    await until(() => this.ids.length >= count);
  }
}

interface Rig {
  readonly port: number;
  readonly feed: EventFeed;
  readonly settle: (id: string, more?: Partial<DecisionRecord>) => void;
  readonly follow: (query?: string, headers?: readonly string[]) => Promise<Follower>;
}

const servers = new Set<SmallServer>();

afterEach(async () => {
  await Promise.all([...servers].map((server) => server.close()));
  servers.clear();
});

async function rigOf(options: FeedOptions = {}, remembered = 1_000): Promise<Rig> {
  const ring = new DecisionRing(remembered);
  const feed = new EventFeed(ring, { gatherMs: 1, ...options });
  const unused = { decisions: () => [], call: () => null, explain: async () => null };
  const server = await createSmallServer({
    address: { host: "127.0.0.1", port: 0, isOptional: false },
    faults: { fault: () => undefined },
    guard: () => null,
    routes: callRoutes({ ...unused, events: feed }),
  });
  servers.add(server);
  const { port } = server.address;
  return {
    port,
    feed,
    settle: (id, more) => {
      const record = recordOf({ id, ...more });
      ring.record(record);
      feed.record(record);
    },
    follow: async (query = "", headers = []) => {
      const response = await begin(port, { method: "GET", path: `/events${query}`, headers });
      expect(response.statusCode).toBe(200);
      return new Follower(response);
    },
  };
}

describe("the feed of calls", () => {
  it("begins with what is remembered and goes on with what comes", async () => {
    const { settle, follow } = await rigOf();
    settle("a");
    settle("b");
    const page = await follow();
    await page.saw(2);
    settle("c");
    await page.saw(3);
    expect(page.ids).toEqual(["b", "a", "c"]);
    expect(page.response.headers["content-type"]).toBe("text/event-stream");
  });

  it("gives a page that comes back what it missed, and nothing twice", async () => {
    const { settle, follow } = await rigOf();
    settle("a");
    const first = await follow();
    await first.saw(1);
    first.response.destroy();
    settle("b");
    settle("c");
    const again = await follow("", ["Last-Event-ID", first.lastId]);
    await again.saw(2);
    expect(again.ids).toEqual(["c", "b"]);
    const asked = await follow(`?after=${first.lastId}`);
    await asked.saw(2);
    expect(asked.ids).toEqual(["c", "b"]);
  });

  it("begins anew for a page that followed another process, or that sends nonsense", async () => {
    const { settle, follow } = await rigOf();
    settle("a");
    for (const id of ["other.5", "", "x", "1e9", "-1", `${"9".repeat(400)}.1`]) {
      const page = await follow("", ["Last-Event-ID", id]);
      await page.saw(1);
      expect(page.ids).toEqual(["a"]);
      page.response.destroy();
    }
  });

  it("sends only what a page asks for, also of observed calls", async () => {
    const { settle, follow } = await rigOf();
    const would = { decision: "local", reason: "answered_faq", route: "faq" } as const;
    settle("local-1");
    settle("away-1", { verdict: forwardedVerdict() });
    settle("seen-1", { verdict: forwardedVerdict({ would, reason: "observe_mode" }) });
    settle("faq-2", { verdict: verdictOf({ reason: "answered_faq", route: "faq" }) });
    const wanted = {
      "?decision=local": ["faq-2", "local-1"],
      "?decision=would": ["seen-1"],
      "?route=faq": ["faq-2", "seen-1"],
      "?reason=answered_faq": ["faq-2", "seen-1"],
      "?search=-1": ["seen-1", "away-1", "local-1"],
      "?search=AWAY": ["away-1"],
      "?decision=local&route=faq": ["faq-2"],
    };
    for (const [query, ids] of Object.entries(wanted)) {
      const page = await follow(query);
      await page.saw(ids.length);
      expect([query, page.ids]).toEqual([query, ids]);
      page.response.destroy();
    }
  });

  it("sends a page nothing of calls that it does not ask for", async () => {
    const { settle, follow } = await rigOf();
    const [all, local] = [await follow(), await follow("?decision=local")];
    await until(() => all.events.length === 1 && local.events.length === 1);
    for (const id of ["away-1", "away-2"]) {
      settle(id, { verdict: forwardedVerdict() });
      await until(() => all.ids.includes(id));
    }
    settle("local-1");
    await local.saw(1);
    expect(local.events).toHaveLength(2);
  });

  it("makes one event of many calls, shows the newest and counts the others", async () => {
    const { settle, follow, feed } = await rigOf({ mostRows: 10 });
    const page = await follow();
    await until(() => page.events.length === 1);
    for (let number = 0; number < 500; number += 1) settle(`call-${number}`);
    await until(() => page.events.length === 2);
    const event = v.parse(calls, JSON.parse(page.events[1]?.data ?? ""));
    expect(event.calls.map(({ id }) => id)[0]).toBe("call-499");
    expect(event).toMatchObject({ skipped: 490, total: 500 });
    expect(event.calls).toHaveLength(10);
    expect(feed.pages).toBe(1);
  });

  it("lets a page go that does not read, and keeps nothing for it", async () => {
    const { port, settle, feed } = await rigOf({ mostUnreadBytes: 20_000 });
    const socket = connect({ port, host: "127.0.0.1" });
    await once(socket, "connect");
    socket.on("error", () => undefined);
    socket.pause();
    socket.write("GET /events HTTP/1.1\r\nHost: localhost\r\n\r\n");
    await until(() => feed.pages === 1);
    const padded = "x".repeat(2_000);
    let number = 0;
    while (feed.pages > 0 && number < 100_000) {
      for (let many = 0; many < 200; many += 1) settle(`${padded}${(number += 1)}`);
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect(feed.pages).toBe(0);
    socket.destroy();
  });

  it("tells that something changed, and that it is still there", async () => {
    const { feed, follow } = await rigOf({ beatMs: 5 });
    const page = await follow();
    await until(() => page.events.length === 1);
    feed.changed();
    await until(() => page.events.some(({ name }) => name === "state"));
    await until(() => page.beats > 1);
  });

  it("takes only so many pages, and a new one when another has gone", async () => {
    const { port, feed, follow } = await rigOf({ mostPages: 2 });
    const first = await follow();
    await follow();
    const refused = await begin(port, { method: "GET", path: "/events" });
    expect(refused.statusCode).toBe(503);
    refused.resume();
    first.response.destroy();
    await until(() => !feed.isFull);
    await follow();
  });

  it("answers HEAD without beginning to follow", async () => {
    const { port, feed } = await rigOf();
    const head = await begin(port, { method: "HEAD", path: "/events" });
    expect(head.statusCode).toBe(200);
    head.resume();
    await once(head, "end");
    expect(feed.pages).toBe(0);
  });

  it("ends with its server", async () => {
    const { follow, feed } = await rigOf();
    const page = await follow();
    const [server] = servers;
    let isEnded = false;
    page.response.on("close", () => (isEnded = true));
    await server?.close();
    await until(() => isEnded);
    await until(() => feed.pages === 0);
  });
});
