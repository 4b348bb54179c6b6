/** Finds the known word that a mistyped one was probably meant to be; problem messages use it. */

/** Words longer than this are cut before they are compared. */
const LONGEST = 64;

/** A hint that begins with "; ", or "" when nothing is known. Always names the nearest known word. */
export function nearestHint(word: string, known: Iterable<string>): string {
  let nearest: string | null = null;
  let least = Number.POSITIVE_INFINITY;
  for (const candidate of known) {
    const distance = editDistance(word.slice(0, LONGEST), candidate.slice(0, LONGEST));
    if (distance < least) {
      least = distance;
      nearest = candidate;
    }
  }
  if (nearest === null) return "";
  const isNear = least <= Math.max(2, Math.floor(nearest.length / 3));
  return isNear ? `; did you mean \`${nearest}\`?` : `; the nearest known one is \`${nearest}\``;
}

/** Levenshtein distance. */
function editDistance(one: string, other: string): number {
  let row = Array.from({ length: other.length + 1 }, (_, at) => at);
  for (let at = 1; at <= one.length; at += 1) {
    const next = [at];
    for (let to = 1; to <= other.length; to += 1) {
      const kept = (row[to - 1] ?? 0) + (one[at - 1] === other[to - 1] ? 0 : 1);
      next.push(Math.min(kept, (row[to] ?? 0) + 1, (next[to - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row[other.length] ?? 0;
}
