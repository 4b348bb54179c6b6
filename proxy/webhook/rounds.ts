/** Does things again and again, one round after the other, until stopped; a round that fails is told of and tried again. */
import { setTimeout as delay } from "node:timers/promises";

/** One thing that is done in rounds. */
export interface Round {
  /** Names it in logs and metrics. */
  readonly name: string;
  /** Milliseconds between the end of a round and the beginning of the next. */
  readonly everyMs: number;
  readonly run: () => Promise<void>;
}

/** Rounds that are under way. */
export interface Rounds {
  /** Begins no new round and waits for those that run. */
  stop(): Promise<void>;
}

/** Begins at once. `onFault` is told the round's name. */
export function startRounds(
  rounds: readonly Round[],
  onFault: (name: string, fault: unknown) => void,
): Rounds {
  const halt = new AbortController();
  const running = rounds.map((round) => again(round, halt.signal, onFault));
  return {
    stop: async () => {
      halt.abort();
      await Promise.all(running);
    },
  };
}

async function again(
  { name, everyMs, run }: Round,
  signal: AbortSignal,
  onFault: (name: string, fault: unknown) => void,
): Promise<void> {
  while (!signal.aborted) {
    try {
      await run();
    } catch (fault) {
      onFault(name, fault);
    }
    await delay(everyMs, undefined, { signal }).catch(() => undefined);
  }
}
