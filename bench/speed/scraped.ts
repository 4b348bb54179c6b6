/** Sidestep's own metrics, read at one moment: what it did, as it counts itself. */
import type { Running } from "./contenders.ts";

interface Series {
  readonly name: string;
  readonly labels: string;
  readonly value: number;
}

/** The values of one scrape. */
export class Scraped {
  readonly #series: readonly Series[];

  constructor(text: string) {
    this.#series = text.split("\n").flatMap(seriesOf);
  }

  /** Sum of a metric's series whose labels have these values. */
  sum(name: string, labels: Readonly<Record<string, string>> = {}): number {
    const wanted = Object.entries(labels).map(([label, value]) => `${label}="${value}"`);
    const found = this.#series.filter(
      (one) => one.name === name && wanted.every((pair) => one.labels.includes(pair)),
    );
    return found.reduce((total, { value }) => total + value, 0);
  }
}

/** Empty for comments. */
function seriesOf(line: string): readonly Series[] {
  const found = /^(\w+)(?:\{(.*)\})? (\S+)$/u.exec(line);
  if (found === null) return [];
  const [, name = "", labels = "", value] = found;
  return [{ name, labels, value: Number(value) }];
}

/** What a running Sidestep says of itself now. */
export async function scrape({ started }: Running): Promise<Scraped> {
  const reply = await fetch(`${String(started?.ready["admin"])}/metrics`);
  return new Scraped(await reply.text());
}
