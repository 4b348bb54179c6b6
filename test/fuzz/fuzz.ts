/** What every fuzz is: a property over open inputs, and what must hold when it is over. */
import * as fc from "fast-check";

/** A fuzz that is ready to run; close it afterwards. */
export interface Prepared {
  readonly property: fc.IRawProperty<unknown>;
  /** Throws when something went wrong that no single run shows. */
  readonly check: () => Promise<void>;
  readonly close: () => Promise<void>;
}

/** A fuzz by name. */
export interface Fuzz {
  readonly name: string;
  readonly prepare: () => Promise<Prepared>;
}

/** How long it runs: until the time is over, or so many runs. */
export interface FuzzBounds {
  readonly seed: number;
  readonly runs: number;
  readonly milliseconds: number;
}

/** What a fuzz came to. */
export interface FuzzReport {
  readonly runs: number;
  /** Null when nothing was found; else the shrunk example with seed and path. */
  readonly finding: string | null;
}

/** Runs a fuzz; never rejects for what it finds. */
export async function runFuzz(fuzz: Fuzz, bounds: FuzzBounds): Promise<FuzzReport> {
  const { property, check, close } = await fuzz.prepare();
  try {
    const details = await fc.check(property, {
      seed: bounds.seed,
      numRuns: bounds.runs,
      interruptAfterTimeLimit: bounds.milliseconds,
      markInterruptAsFailure: false,
    });
    if (details.failed) return { runs: details.numRuns, finding: fc.defaultReportMessage(details) };
    await check();
    return { runs: details.numRuns, finding: null };
  } catch (fault) {
    return {
      runs: 0,
      finding: fault instanceof Error ? (fault.stack ?? fault.message) : String(fault),
    };
  } finally {
    await close();
  }
}
