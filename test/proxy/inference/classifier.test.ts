import { mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { BroadcastChannel } from "node:worker_threads";
import { afterEach, describe, expect, test } from "vitest";
import {
  createClassifier,
  type ClassifierOptions,
  type LocalClassifier,
} from "../../../proxy/inference/classifier.ts";

const scripted = new URL("./scripted-worker.ts", import.meta.url);
const opened: { close(): void | Promise<void> }[] = [];

afterEach(async () => {
  for (const one of opened.splice(0)) await one.close();
});

interface Stage {
  readonly classifier: LocalClassifier;
  readonly journal: string;
  /** Resolves when the worker has received as many texts; gives all so far. */
  readonly received: (count: number) => Promise<readonly string[]>;
  readonly release: () => void;
}

function stage(options: Partial<ClassifierOptions> = {}): Stage {
  const journal = join(mkdtempSync(join(tmpdir(), "sidestep-worker-")), "starts");
  writeFileSync(journal, "");
  const channel = new BroadcastChannel(journal);
  const texts: string[] = [];
  const waiters: (() => void)[] = [];
  channel.onmessage = (event: unknown) => {
    if (typeof event === "object" && event !== null && "data" in event) {
      texts.push(String(event.data).slice("got ".length));
    }
    for (const wake of waiters.splice(0)) wake();
  };
  const classifier = createClassifier({
    model: journal,
    worker: scripted,
    restart: { firstMs: 1, longestMs: 2 },
    ...options,
  });
  opened.push(classifier, { close: () => channel.close() });
  const received = async (count: number): Promise<readonly string[]> => {
    while (texts.length < count) await new Promise<void>((wake) => waiters.push(wake));
    return texts;
  };
  return { classifier, journal, received, release: () => channel.postMessage("release") };
}

const later = (): number => performance.now() + 50_000;

async function becomes(classifier: LocalClassifier, status: string): Promise<void> {
  if (classifier.state.status === status) return;
  await new Promise<void>((resolve) => {
    const stop = classifier.onChange((state) => {
      if (state.status !== status) return;
      stop();
      resolve();
    });
  });
}

describe("queue", () => {
  test("answers before the model is loaded with model_unavailable", async () => {
    const { classifier } = stage();
    expect(await classifier.classify("x", later())).toEqual({
      kind: "fault",
      reason: "model_unavailable",
    });
  });

  test("runs waiting calls by nearest deadline, first come first among equals", async () => {
    const { classifier, received, release } = stage();
    await classifier.ready;
    const now = later();
    const calls = [
      classifier.classify("hold 1", now),
      classifier.classify("hold 2", now),
      classifier.classify("late", now + 3000),
      classifier.classify("soon", now + 1000),
      classifier.classify("soon too", now + 1000),
      classifier.classify("sooner", now + 500),
    ];
    expect(classifier.waiting).toBe(4);
    await received(2);
    release();
    await Promise.all(calls);
    expect(await received(6)).toEqual(["hold 1", "hold 2", "sooner", "soon", "soon too", "late"]);
  });

  test("a call whose deadline passes while it runs is a decision_timeout and its late result is dropped", async () => {
    const { classifier, received, release } = stage();
    await classifier.ready;
    const call = classifier.classify("hold", performance.now() + 20);
    await received(1);
    expect(await call).toEqual({ kind: "fault", reason: "decision_timeout" });
    release();
    const next = await classifier.classify("next", later());
    expect(next).toMatchObject({ model: "scripted" });
  });

  test("a call whose deadline passes while it waits leaves the queue and never runs", async () => {
    const { classifier, received, release } = stage({ queueLimit: 1 });
    await classifier.ready;
    const held = [classifier.classify("hold 1", later()), classifier.classify("hold 2", later())];
    const expired = await classifier.classify("expired", performance.now() + 20);
    expect(expired).toEqual({ kind: "fault", reason: "decision_timeout" });
    expect(classifier.waiting).toBe(0);
    const next = classifier.classify("next", later());
    release();
    await Promise.all([...held, next]);
    expect(await received(3)).toEqual(["hold 1", "hold 2", "next"]);
  });

  test("a deadline that is already past, or no number, never reaches the worker", async () => {
    const { classifier, received } = stage();
    await classifier.ready;
    const timeout = { kind: "fault", reason: "decision_timeout" };
    expect(await classifier.classify("past", performance.now() - 1)).toEqual(timeout);
    expect(await classifier.classify("nan", Number.NaN)).toEqual(timeout);
    await classifier.classify("present", later());
    expect(await received(1)).toEqual(["present"]);
  });

  test("more calls than the limit are refused at once with queue_full, and a new limit holds at once", async () => {
    const { classifier, release, received } = stage({ queueLimit: 1 });
    await classifier.ready;
    const held = [1, 2, 3].map((n) => classifier.classify(`hold ${n}`, later()));
    const full = { kind: "fault", reason: "queue_full" };
    expect(await classifier.classify("one too many", later())).toEqual(full);
    classifier.setQueueLimit(2);
    const fits = classifier.classify("fits", later());
    await received(2);
    release();
    await received(4);
    release();
    expect(await fits).toMatchObject({ model: "scripted" });
    await Promise.all(held);
  });

  test("a limit of nothing still lets an idle worker work", async () => {
    const { classifier } = stage({ queueLimit: 0 });
    await classifier.ready;
    expect(await classifier.classify("x", later())).toMatchObject({ model: "scripted" });
  });

  test("a failed run concerns its own call alone", async () => {
    const { classifier } = stage();
    await classifier.ready;
    expect(await classifier.classify("error", later())).toEqual({
      kind: "fault",
      reason: "model_unavailable",
    });
    expect(await classifier.classify("fine", later())).toMatchObject({ model: "scripted" });
    expect(classifier.state.status).toBe("ready");
  });

  test("texts of megabytes are cut to their two ends before they are handed over", async () => {
    const { classifier, received } = stage();
    await classifier.ready;
    await classifier.classify(`  start ${"word ".repeat(400_000)}end  `, later());
    const [text = ""] = await received(1);
    expect(text.length).toBeLessThan(50_000);
    expect(text.startsWith("start word")).toBe(true);
    expect(text.endsWith("word end")).toBe(true);
  });
});

describe("embedding for a fit", () => {
  test("gives vectors in order, embeds each text once, and reports progress", async () => {
    const { classifier, received } = stage();
    const steps: string[] = [];
    const vectors = await classifier.embed(["aa", "b", "aa"], (done, total) =>
      steps.push(`${done}/${total}`),
    );
    expect(vectors.map((vector) => vector[0])).toEqual([2, 1, 2]);
    expect(steps).toEqual(["1/2", "2/2"]);
    await classifier.embed(["b", "ccc"]);
    expect(await received(3)).toEqual(["aa", "b", "ccc"]);
  });

  test("stands behind live calls", async () => {
    const { classifier, received, release } = stage();
    await classifier.ready;
    const held = [classifier.classify("hold 1", later()), classifier.classify("hold 2", later())];
    const fit = classifier.embed(["slow 1", "slow 2"]);
    const live = classifier.classify("live", later());
    await received(2);
    release();
    await Promise.all([...held, live, fit]);
    expect((await received(5)).slice(2)).toEqual(["live", "slow 1", "slow 2"]);
  });

  test("still advances while live calls never stop", async () => {
    const { classifier } = stage();
    await classifier.ready;
    const steps: number[] = [];
    const fit = classifier.embed(["slow 1", "slow 2"], (done) => steps.push(done));
    const flow = async (): Promise<void> => {
      while (steps.length < 2) await classifier.classify("live", later());
    };
    await Promise.all([fit, ...Array.from({ length: 6 }, flow)]);
    expect(steps).toEqual([1, 2]);
  });

  test("survives a crash of the worker, but not a text that crashes it again", async () => {
    const { classifier } = stage();
    const [vector] = await classifier.embed(["crash in the first life"]);
    expect(vector?.[1]).toBe(2);
    await expect(classifier.embed(["crash"])).rejects.toThrow("the model failed");
  });

  test("is rejected when there will be no model", async () => {
    const { classifier } = stage({ base: "fail", restart: { limit: 1, firstMs: 1 } });
    await expect(classifier.embed(["x"])).rejects.toThrow("nothing to load");
    await expect(classifier.embed(["x"])).rejects.toThrow("nothing to load");
  });

  test("that waits when the last life ends is rejected", async () => {
    const { classifier, received } = stage({ restart: { limit: 0 } });
    await classifier.ready;
    const held = classifier.classify("hold", later());
    await received(1);
    const fit = classifier.embed(["waits"]);
    const crash = classifier.classify("crash", later());
    await expect(fit).rejects.toThrow("the model failed");
    expect(await held).toMatchObject({ reason: "model_unavailable" });
    expect(await crash).toMatchObject({ reason: "model_unavailable" });
  });
});

describe("life of the worker", () => {
  test("a crash fails what was in flight and waiting, then the worker starts again", async () => {
    const { classifier, journal } = stage();
    await classifier.ready;
    const states: string[] = [];
    classifier.onChange(({ status }) => states.push(status));
    const calls = ["hold", "crash", "waiting"].map((text) => classifier.classify(text, later()));
    for (const outcome of await Promise.all(calls)) {
      expect(outcome).toEqual({ kind: "fault", reason: "model_unavailable" });
    }
    await becomes(classifier, "ready");
    expect(states).toEqual(["failed", "loading", "ready"]);
    expect(classifier.state.restarts).toBe(1);
    expect(await classifier.classify("fine", later())).toMatchObject({ model: "scripted" });
    expect(readFileSync(journal, "utf8")).toBe("start\nstart\n");
  });

  test("an exception in the worker is the state's error", async () => {
    const { classifier } = stage({ restart: { limit: 0 } });
    await classifier.ready;
    await classifier.classify("throw", later());
    expect(classifier.state).toMatchObject({
      status: "failed",
      error: "thrown in the worker",
      isFinal: true,
    });
  });

  test("restarts are bounded", async () => {
    const { classifier, journal } = stage({
      base: "fail",
      restart: { limit: 2, firstMs: 1, longestMs: 2 },
    });
    expect(await classifier.ready).toMatchObject({ status: "failed", isFinal: false });
    await expect(classifier.embed(["x"])).rejects.toThrow("nothing to load");
    expect(readFileSync(journal, "utf8")).toBe("start\n".repeat(3));
    expect(await classifier.classify("x", later())).toMatchObject({ reason: "model_unavailable" });
  });

  test("a worker that lived long enough has its restarts anew", async () => {
    const { classifier } = stage({ restart: { limit: 1, firstMs: 1, stableMs: 0 } });
    for (let life = 0; life < 3; life += 1) {
      await becomes(classifier, "ready");
      await classifier.classify("crash", later());
    }
    await becomes(classifier, "ready");
    expect(classifier.state.restarts).toBe(3);
  });

  test("a worker that hangs is replaced", async () => {
    const { classifier } = stage({ stallMs: 50 });
    await classifier.ready;
    expect(await classifier.classify("hang", later())).toMatchObject({
      reason: "model_unavailable",
    });
    expect(classifier.state.error).toBe("a run of the model did not end");
    await becomes(classifier, "ready");
    expect(await classifier.classify("fine", later())).toMatchObject({ model: "scripted" });
  });

  test("a load that does not end has failed", async () => {
    const { classifier } = stage({ base: "never", restart: { limit: 0, loadMs: 50 } });
    expect(await classifier.ready).toMatchObject({
      status: "failed",
      error: "the model took too long to load",
      isFinal: true,
    });
  });

  test("closing answers what is in flight, and nothing after it", async () => {
    const { classifier, received } = stage();
    await classifier.ready;
    const calls = ["hold 1", "hold 2", "waiting"].map((text) => classifier.classify(text, later()));
    const fit = expect(classifier.embed(["slow"])).rejects.toThrow("the model failed");
    await received(2);
    await classifier.close();
    for (const outcome of await Promise.all(calls)) {
      expect(outcome).toEqual({ kind: "fault", reason: "model_unavailable" });
    }
    await fit;
    expect(classifier.state.status).toBe("closed");
    expect(await classifier.classify("x", later())).toMatchObject({ reason: "model_unavailable" });
    await expect(classifier.embed(["x"])).rejects.toThrow("closed");
  });
});
