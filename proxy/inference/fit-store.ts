/** Fitted regressions by content hash in the state folder, so that a restart with the same sentences fits nothing; used by classifier.ts. */
import { createHash } from "node:crypto";
import { join } from "node:path";
import { fitInThread } from "./fit-thread.ts";
import { fitVersion, type Examples, type Regression } from "./regression.ts";
import { readState, writeState, type OnLost } from "./state-file.ts";
import { prune, stateEndings } from "./state-folder.ts";

/** Fits examples, or remembers having done so. */
export type Fit = (examples: Examples) => Promise<Regression>;

/** Fits that are kept in `folder` (null: nowhere); `told` hears whether a fit was kept or computed. */
export function keptFit(
  { folder, onLost = () => undefined }: { readonly folder: string | null; onLost?: OnLost },
  told: (isKept: boolean) => void,
): Fit {
  return async (examples) => {
    const path = folder === null ? null : join(folder, nameOf(examples));
    const kept = path === null ? null : regressionIn(await readState(path), examples);
    told(kept !== null);
    if (kept !== null) return kept;
    const regression = await fitInThread(examples);
    if (path !== null && folder !== null) {
      await writeState(path, bytesOf(regression), onLost);
      await prune(folder).catch(() => undefined);
    }
    return regression;
  };
}

/** The vectors say everything of model and sentences: the same name means the same fit. */
function nameOf({ vectors, width, labels, classes }: Examples): string {
  const hash = createHash("sha256").update(JSON.stringify([fitVersion, width, classes]));
  hash.update(bytesIn(labels)).update(bytesIn(vectors));
  return `${hash.digest("hex").slice(0, 32)}${stateEndings.regression}`;
}

function bytesOf({ weights, bias, cohesion, clearance }: Regression): Buffer {
  return Buffer.concat([weights, bias, cohesion, clearance].map(bytesIn));
}

function bytesIn(numbers: Float32Array | Int32Array): Buffer {
  return Buffer.from(numbers.buffer, numbers.byteOffset, numbers.byteLength);
}

/** Null for content that cannot be the fit of these examples. */
function regressionIn(
  content: Buffer | null,
  { classes, width }: Pick<Examples, "classes" | "width">,
): Regression | null {
  if (content === null || content.length !== 4 * classes * (width + 3)) return null;
  const numbers = new Float32Array(classes * (width + 3));
  for (let at = 0; at < numbers.length; at += 1) numbers[at] = content.readFloatLE(4 * at);
  // Floats a class, one part after the other.
  const part = (from: number, to: number): Float32Array<ArrayBuffer> =>
    numbers.slice(classes * from, classes * to);
  return {
    weights: part(0, width),
    bias: part(width, width + 1),
    cohesion: part(width + 1, width + 2),
    clearance: part(width + 2, width + 3),
  };
}
