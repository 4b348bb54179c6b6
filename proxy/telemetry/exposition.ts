/** Writes figures as Prometheus' text format or as OpenMetrics, whichever the scraper asks for; used by metrics. */
import type { Family, FigureExemplar, Sample } from "./figures.ts";

/** The two formats; only OpenMetrics can carry exemplars. */
export type ExpositionFormat = "text" | "openmetrics";

/** Content types by format. */
export const contentTypes: Readonly<Record<ExpositionFormat, string>> = {
  text: "text/plain; version=0.0.4; charset=utf-8",
  openmetrics: "application/openmetrics-text; version=1.0.0; charset=utf-8",
};

const knownVersions: ReadonlySet<string> = new Set(["", "0.0.1", "1.0.0"]);

/** OpenMetrics where `Accept` names it and does not like plain text better; else text, as a browser wants it. */
export function formatFor(accept: string): ExpositionFormat {
  const ranges = accept.split(",").map(rangeOf);
  const open = ranges.filter(
    ({ type, version }) => type === "application/openmetrics-text" && knownVersions.has(version),
  );
  const wanted = Math.max(0, ...open.map(({ quality }) => quality));
  const plain = ranges.filter(({ type }) => type === "text/plain");
  const instead = Math.max(0, ...plain.map(({ quality }) => quality));
  return wanted > 0 && wanted >= instead ? "openmetrics" : "text";
}

interface MediaRange {
  readonly type: string;
  readonly version: string;
  readonly quality: number;
}

function rangeOf(text: string): MediaRange {
  const [type = "", ...rest] = text.split(";").map((part) => part.trim().toLowerCase());
  const parameters = new Map(rest.map(pairOf));
  const quality = Number(parameters.get("q") ?? "1");
  const version = (parameters.get("version") ?? "").replaceAll('"', "");
  return { type, version, quality: Number.isFinite(quality) ? quality : 0 };
}

function pairOf(parameter: string): readonly [string, string] {
  const at = parameter.indexOf("=");
  return at < 0 ? [parameter, ""] : [parameter.slice(0, at).trim(), parameter.slice(at + 1).trim()];
}

/** The whole page. */
export function written(families: readonly Family[], format: ExpositionFormat): string {
  const isOpen = format === "openmetrics";
  const lines = families.flatMap((family) => familyLines(family, isOpen));
  return `${lines.join("\n")}\n${isOpen ? "# EOF\n" : ""}`;
}

function familyLines({ name, help, kind, samples }: Family, isOpen: boolean): string[] {
  // OpenMetrics names a counter without the suffix that its samples have.
  const shown = isOpen && kind === "counter" ? name.replace(/_total$/, "") : name;
  const type = kind === "unknown" && !isOpen ? "untyped" : kind;
  return [
    `# HELP ${shown} ${isOpen ? quoted(help) : escaped(help)}`,
    `# TYPE ${shown} ${type}`,
    ...samples.map((sample) => sampleLine(sample, isOpen)),
  ];
}

function sampleLine({ name, labels, value, exemplar }: Sample, isOpen: boolean): string {
  const shown = isOpen ? labels.map(canonical) : labels;
  const braces = labels.length === 0 ? "" : `{${labelsText(shown)}}`;
  const line = `${name}${braces} ${numberText(value)}`;
  return isOpen && exemplar !== null ? `${line} # ${exemplarText(exemplar)}` : line;
}

function exemplarText({ labels, value, atSeconds }: FigureExemplar): string {
  return `{${labelsText(Object.entries(labels))}} ${numberText(value)} ${atSeconds}`;
}

/** OpenMetrics writes a bucket's bound as a float, also where it is whole. */
function canonical([label, value]: readonly [string, string]): readonly [string, string] {
  return label === "le" && /^\d+$/.test(value) ? [label, `${value}.0`] : [label, value];
}

function labelsText(labels: readonly (readonly [string, string])[]): string {
  return labels.map(([label, value]) => `${label}="${quoted(value)}"`).join(",");
}

function numberText(value: number): string {
  if (Number.isNaN(value)) return "NaN";
  if (Number.isFinite(value)) return String(value);
  return value > 0 ? "+Inf" : "-Inf";
}

function escaped(text: string): string {
  return text.replaceAll("\\", String.raw`\\`).replaceAll("\n", String.raw`\n`);
}

function quoted(text: string): string {
  return escaped(text).replaceAll('"', String.raw`\"`);
}
