/** Reads `/metrics` of a running sidecar as a scraper would: series and their values. */
import type { Sidecar } from "./sidecar.ts";

/** Series as the page writes them, e.g. `sidestep_stopped` or `x_total{a="b"}`, with their values. */
export type Series = ReadonlyMap<string, number>;

/** One GET of `/metrics`. */
export async function scrape(sidecar: Pick<Sidecar, "admin">): Promise<Series> {
  return seriesIn(await (await fetch(`${sidecar.admin}/metrics`)).text());
}

/** The samples of a page in the text format. */
function seriesIn(page: string): Series {
  const lines = page.split("\n").filter((line) => line !== "" && !line.startsWith("#"));
  return new Map(
    lines.map((line) => {
      const at = line.lastIndexOf(" ");
      return [line.slice(0, at), Number(line.slice(at + 1))] as const;
    }),
  );
}

/** The sum over all series of a metric that have these labels. */
export function total(
  series: Series,
  name: string,
  labels: Readonly<Record<string, string>> = {},
): number {
  const wanted = Object.entries(labels).map(([label, value]) => `${label}="${value}"`);
  let sum = 0;
  for (const [key, value] of series) {
    const isIt = key === name || key.startsWith(`${name}{`);
    if (isIt && wanted.every((pair) => hasLabel(key, pair))) sum += value;
  }
  return sum;
}

function hasLabel(key: string, pair: string): boolean {
  return key.includes(`{${pair}`) || key.includes(`,${pair}`);
}
