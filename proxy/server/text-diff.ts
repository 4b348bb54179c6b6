/** What changed between two states of a policy's files, line by line; the history and the check of an edit use it. */

/** One stretch of changed lines with its surroundings; each line begins with a space, "-" or "+". */
export interface Hunk {
  readonly oldStart: number;
  readonly newStart: number;
  readonly lines: readonly string[];
}

/** One file that is not what it was. */
export interface FileDiff {
  readonly path: string;
  readonly added: number;
  readonly removed: number;
  readonly hunks: readonly Hunk[];
  /** Whether there was too much to show. */
  readonly isCut: boolean;
}

interface Text {
  readonly path: string;
  /** Null for a text that is too long to be shown. */
  readonly text: string | null;
}

/** Most changed lines that are looked for, and most lines that are shown, a file. */
const mostEdits = 2_000;
const mostLines = 1_000;

/** The files that differ, added and removed ones too. The library is loaded when there is something to compare. */
export async function fileDiffs(
  before: readonly Text[],
  after: readonly Text[],
): Promise<readonly FileDiff[]> {
  const paths = new Set([...before, ...after].map(({ path }) => path));
  const changed = [...paths].flatMap((path) => {
    const [old, next] = [textIn(before, path), textIn(after, path)];
    return old === next ? [] : [{ path, old, next }];
  });
  if (changed.length === 0) return [];
  const { structuredPatch } = await import("diff");
  return changed.map(({ path, old, next }) => {
    const options = { context: 3, maxEditLength: mostEdits };
    const isHidden = old === null || next === null;
    const patch = isHidden
      ? undefined
      : structuredPatch(path, path, old, next, undefined, undefined, options);
    return patch === undefined ? tooMuch(path) : diffOf(path, patch.hunks);
  });
}

function textIn(texts: readonly Text[], path: string): string | null {
  const found = texts.find((one) => one.path === path);
  return found === undefined ? "" : found.text;
}

function tooMuch(path: string): FileDiff {
  return { path, added: 0, removed: 0, hunks: [], isCut: true };
}

function diffOf(path: string, hunks: readonly Hunk[]): FileDiff {
  const lines = hunks.flatMap((hunk) => hunk.lines);
  let left = mostLines;
  const shown = hunks.flatMap(({ oldStart, newStart, lines: own }) => {
    const fitting = own.slice(0, Math.max(0, left));
    left -= own.length;
    return fitting.length === 0 ? [] : [{ oldStart, newStart, lines: fitting }];
  });
  return {
    path,
    added: lines.filter((line) => line.startsWith("+")).length,
    removed: lines.filter((line) => line.startsWith("-")).length,
    hunks: shown,
    isCut: left < 0,
  };
}
