/** Serves one call: receive, the live stack's step, write; every way out of it tells the reply how it ended. */
import type { Ending, Verdict } from "../core/decision.ts";
import { SidestepError } from "../core/errors.ts";
import type { Recorder } from "../core/ports.ts";
import { withoutTexts, type Received } from "../core/received.ts";
import { outlivesCall, type Reply } from "../core/reply.ts";
import type { Switched } from "../layers/upgrade.ts";
import type { Exchange, UpgradeExchange } from "./exchange.ts";
import type { Live } from "./live.ts";
import type { Capacity } from "./capacity.ts";
import type { ReadingBudget, ReadingShare } from "./reading-budget.ts";
import { headOf, receive, type Head } from "./receive.ts";
import { refusal } from "./refusal.ts";
import type { ServerTimeouts } from "./timeouts.ts";
import { openTunnel, watchCaller } from "./tunnel.ts";
import { write, type WriteTask } from "./write.ts";

/** What serving needs. */
export interface ServeParts {
  /** The stack that serves calls from now on. */
  readonly current: () => Live;
  readonly faults: Pick<Recorder, "fault">;
  readonly timeouts: ServerTimeouts;
  readonly budget: ReadingBudget;
  readonly capacity: () => Capacity;
  readonly isMemoryLow: () => boolean;
  /** Whether connections are to close after their next reply. */
  readonly isClosing: () => boolean;
  /** Calls `hear` when calls that still wait for their reply are to wait no longer; returns how to leave. */
  readonly whenGivenUp: (hear: () => void) => () => void;
}

/** Serves a call; resolves when its reply is over. Never rejects. */
export async function serve(exchange: Exchange, parts: ServeParts): Promise<void> {
  const serving = new Serving(exchange, parts);
  await serving.run((live, received) => live.step(received), null);
}

/** Serves a call that asks for another protocol; resolves when its tunnel or reply is over. Never rejects. */
export async function serveUpgrade(exchange: UpgradeExchange, parts: ServeParts): Promise<void> {
  const serving = new Serving(exchange, parts);
  const unwatch = watchCaller(exchange.socket);
  await serving.run((live, received) => live.upgrade(received), { exchange, unwatch });
}

type Work = (live: Live, received: Received) => Promise<Reply | Switched>;

interface Upgrade {
  readonly exchange: UpgradeExchange;
  readonly unwatch: () => void;
}

class Serving {
  readonly #exchange: Exchange;
  readonly #parts: ServeParts;
  readonly #gone = new AbortController();
  #received: Received | null = null;
  #share: ReadingShare | null = null;

  constructor(exchange: Exchange, parts: ServeParts) {
    this.#exchange = exchange;
    this.#parts = parts;
    exchange.whenOver(() => this.#gone.abort());
  }

  async run(work: Work, upgrade: Upgrade | null): Promise<void> {
    try {
      const live = this.#parts.current();
      const head = headOf(this.#exchange, live.snapshot);
      const reply = await this.#reply(live, head, work);
      if (reply === null) return;
      if (reply.kind === "tunnel") await this.#tunnel(reply, head, upgrade);
      else await this.#write(reply, head);
    } catch (fault) {
      this.#faulty(fault);
      this.#exchange.drop();
    } finally {
      this.#release();
    }
  }

  /** The reply to write; null when nobody is left to read one. */
  async #reply(live: Live, head: Head, work: Work): Promise<Reply | Switched | null> {
    if (this.#exchange.flaw !== null) return invalid(400, this.#exchange.flaw);
    const receipt = await receive(this.#exchange, head, {
      snapshot: live.snapshot,
      signal: this.#gone.signal,
      stallMs: this.#parts.timeouts.stallMs,
      capacity: this.#parts.capacity(),
      budget: this.#parts.budget,
      isMemoryLow: this.#parts.isMemoryLow(),
    });
    if (receipt.kind === "gone") return null;
    if (receipt.kind === "late") return invalid(408, "The request's body did not arrive in time.");
    this.#received = receipt.received;
    this.#share = receipt.share;
    try {
      return await this.#unlessStopped(work(live, receipt.received));
    } catch (fault) {
      // A stack that stumbles over a caller who has left needs no reply, and it is no fault.
      if (this.#gone.signal.aborted) return null;
      this.#faulty(fault);
      return internal();
    }
  }

  /** The reply, or, once nobody may wait for it any more, an error that tells the caller to come again. */
  #unlessStopped(working: Promise<Reply | Switched>): Promise<Reply | Switched> {
    return new Promise((resolve, reject) => {
      const leave = this.#parts.whenGivenUp(() => {
        resolve(stopping());
        this.#abandon(working);
      });
      working.finally(leave).then(resolve, reject);
    });
  }

  /** What it was working at ends, and has its record. */
  #abandon(working: Promise<Reply | Switched>): void {
    this.#gone.abort();
    void working.then(
      (late) => late.ended({ kind: "aborted" }),
      (fault: unknown) => this.#faulty(fault),
    );
  }

  #write(reply: Reply, head: Head): Promise<void> {
    return new Promise((resolve) => {
      const settled = once((ending: Ending) => {
        this.#end(reply, ending);
        resolve();
      });
      const task = {
        exchange: this.#exchange,
        id: head.id,
        errorCodec: head.errorCodec,
        received: this.#received,
        // Where the request was not read to its end, nothing behind it could be told from it.
        isLast: this.#received === null || this.#parts.isClosing(),
        timeouts: this.#parts.timeouts,
        settled,
        faulty: (fault: unknown) => this.#faulty(fault),
      };
      try {
        write(reply, task);
        if (outlivesCall(reply)) this.#letGo();
      } catch (fault) {
        this.#faulty(fault);
        this.#writeInternal(task);
      }
    });
  }

  /** Streams last for minutes, and there may be thousands of them: nobody needs their prompts any more. */
  #letGo(): void {
    this.#share?.release();
    if (this.#received !== null) this.#received = withoutTexts(this.#received);
  }

  #writeInternal(task: WriteTask): void {
    try {
      write(internal(), task);
    } catch (fault) {
      this.#faulty(fault);
      this.#exchange.drop();
      task.settled({ kind: "aborted" });
    }
  }

  async #tunnel(tunnel: Switched, head: Head, upgrade: Upgrade | null): Promise<void> {
    if (upgrade === null) throw new TypeError("a tunnel needs an upgrade");
    const { exchange, unwatch } = upgrade;
    unwatch();
    const ending = await openTunnel({
      exchange,
      tunnel,
      id: head.id,
      lingerMs: this.#parts.timeouts.lingerMs,
    });
    this.#end(tunnel, ending);
  }

  #end(reply: Reply | Switched, ending: Ending): void {
    if (ending.kind === "aborted") this.#gone.abort();
    try {
      reply.ended(ending);
    } catch (fault) {
      this.#faulty(fault);
    }
  }

  // Whatever part of the body nobody read must not hold up the connection.
  #release(): void {
    this.#share?.release();
    const body = this.#received?.body;
    if (body?.kind === "flowing") body.stream.destroy();
    this.#exchange.discardBody(this.#parts.timeouts.lingerMs);
  }

  #faulty(fault: unknown): void {
    this.#parts.faults.fault("server", fault);
  }
}

function invalid(status: number, sentence: string): Reply {
  const error = new SidestepError("sidestep_request_invalid", "", { status, sentence });
  return errorReply(error, refusal("request_invalid"));
}

function stopping(): Reply {
  const reply = errorReply(new SidestepError("sidestep_stopping"), refusal("stopping"));
  return { ...reply, retryAfterSeconds: 1 };
}

function internal(): Reply {
  return errorReply(new SidestepError("sidestep_internal"), refusal("fault_contained"));
}

function errorReply(error: SidestepError, verdict: Verdict): Extract<Reply, { kind: "error" }> {
  return { kind: "error", error, verdict, retryAfterSeconds: null, ended: () => undefined };
}

function once(hear: (ending: Ending) => void): (ending: Ending) => void {
  let isHeard = false;
  return (ending) => {
    if (isHeard) return;
    isHeard = true;
    hear(ending);
  };
}
