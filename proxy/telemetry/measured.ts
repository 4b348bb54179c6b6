/** Wraps ports so that their use is counted and timed; assemble puts these around classifier, store, upstream and deliberation. */
import type { Readable } from "node:stream";
import type { Classifier, Store, UpgradePort, Upstream } from "../core/ports.ts";
import type { ClassifyResult, Metrics } from "./metrics.ts";
import { upstreamResultOf, type UpstreamMetrics } from "./upstream-metrics.ts";

/** The classifier, with waiting, result and duration counted. */
export function measuredClassifier(classifier: Classifier, metrics: Metrics): Classifier {
  return {
    classify: async (text, deadlineMs) => {
      const startedMs = performance.now();
      metrics.classifying();
      let ending: ClassifyResult = "model_unavailable";
      try {
        const result = await classifier.classify(text, deadlineMs);
        ending = "kind" in result ? result.reason : "ok";
        return result;
      } finally {
        metrics.classified(ending, (performance.now() - startedMs) / 1000);
      }
    },
  };
}

/** The store, with look-ups and writes counted. Faults pass on to the caller. */
export function measuredStore(store: Store, metrics: Metrics): Store {
  return {
    get: async (key) => {
      try {
        const entry = await store.get(key);
        metrics.lookedUp(entry === undefined ? "absent" : "found");
        return entry;
      } catch (fault) {
        metrics.lookedUp("fault");
        throw fault;
      }
    },
    set: async (key, entry) => {
      try {
        await store.set(key, entry);
        metrics.stored("done");
      } catch (fault) {
        metrics.stored("fault");
        throw fault;
      }
    },
  };
}

/** The way to the cloud, with calls, their load and the providers' time counted. */
export function measuredUpstream(
  upstream: Upstream & UpgradePort,
  metrics: UpstreamMetrics,
): Upstream & UpgradePort {
  return {
    isDown: (name) => upstream.isDown(name),
    isLimited: (account) => upstream.isLimited(account),
    breakers: () => upstream.breakers(),
    send: async (call, hasFallback) => {
      const name = call.account.breaker;
      const watch = begun(metrics, name);
      const sent = await upstream.send(call, hasFallback);
      metrics.called(name, upstreamResultOf(sent), watch.seconds());
      watch.until("kind" in sent ? null : sent.body);
      return sent;
    },
    tunnel: async (call) => {
      const { name } = call.provider;
      const watch = begun(metrics, name);
      const sent = await upstream.tunnel(call);
      metrics.called(name, upstreamResultOf(sent), watch.seconds());
      if (!("kind" in sent)) watch.until(sent.body);
      else watch.until(sent.kind === "tunnel" ? sent.socket : null);
      return sent;
    },
  };
}

interface Watch {
  readonly seconds: () => number;
  /** The call is a load until the stream is gone; null: until now. */
  readonly until: (stream: Readable | null) => void;
}

function begun(metrics: UpstreamMetrics, name: string): Watch {
  const startedMs = performance.now();
  const over = metrics.calling(name);
  return {
    seconds: () => (performance.now() - startedMs) / 1000,
    until: (stream) => {
      if (stream === null || stream.destroyed) over();
      else stream.once("close", over);
    },
  };
}

/** The same work; `observe` is told how many seconds it took and what it was given, also when it fails. */
export function timed<Given extends readonly unknown[], Result>(
  work: (...given: Given) => Promise<Result>,
  observe: (seconds: number, ...given: Given) => void,
): (...given: Given) => Promise<Result> {
  return async (...given) => {
    const startedMs = performance.now();
    try {
      return await work(...given);
    } finally {
      observe((performance.now() - startedMs) / 1000, ...given);
    }
  };
}
