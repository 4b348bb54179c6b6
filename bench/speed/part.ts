/** A part of the bench: one question, measured and put into tables. */
import type { PartResult } from "./figures.ts";
import type { Running } from "./contenders.ts";
import type { Stage } from "./stage.ts";

export interface Part {
  readonly name: string;
  /** One line for `--help`. */
  readonly about: string;
  /** Parts in a row that name the same rig go on with its processes. */
  readonly rig?: string;
  /** Leaves its processes to the bench, which stops them afterwards. */
  readonly run: (stage: Stage) => Promise<PartResult>;
}

/** Gives everyone its turn, round after round; whoever began a round goes last in the next. */
export async function inTurn<Way extends Running>(
  rounds: number,
  contenders: readonly Way[],
  measure: (running: Way, round: number) => Promise<void>,
): Promise<void> {
  let order = [...contenders];
  for (let round = 0; round < rounds; round += 1) {
    for (const running of order) {
      await measure(running, round);
      running.started?.forget();
    }
    order = [...order.slice(1), ...order.slice(0, 1)];
  }
}
