/** The two formats of `/metrics`: which one a scraper gets, and that both say the same. */
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  contentTypes,
  formatFor,
  written,
  type ExpositionFormat,
} from "../../../proxy/telemetry/exposition.ts";
import type { Family } from "../../../proxy/telemetry/figures.ts";
import { Metrics } from "../../../proxy/telemetry/metrics.ts";
import { recordOf, verdictOf } from "./records.ts";

const prometheus242 =
  "application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75," +
  "text/plain;version=0.0.4;q=0.5,*/*;q=0.1";

describe("the format of the page", () => {
  it.each([
    ["", "text"],
    ["*/*", "text"],
    ["text/html,application/xhtml+xml,*/*;q=0.8", "text"],
    ["text/plain;version=0.0.4", "text"],
    [prometheus242, "openmetrics"],
    ["application/openmetrics-text", "openmetrics"],
    ['Application/OpenMetrics-Text; version="1.0.0"; charset=utf-8', "openmetrics"],
    ["application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6", "openmetrics"],
    ["application/openmetrics-text;q=0.3,text/plain;q=0.9", "text"],
    ["application/openmetrics-text;q=0", "text"],
    ["application/openmetrics-text;q=often", "text"],
    ["application/openmetrics-text;version=2.0.0", "text"],
  ] as const)("for Accept %j is %s", (accept, expected) => {
    expect(formatFor(accept)).toBe(expected);
  });

  it("is told by its content type", async () => {
    const metrics = new Metrics();
    expect((await metrics.page("")).contentType).toBe("text/plain; version=0.0.4; charset=utf-8");
    expect((await metrics.page(prometheus242)).contentType).toBe(
      "application/openmetrics-text; version=1.0.0; charset=utf-8",
    );
    expect(Object.keys(contentTypes)).toEqual(["text", "openmetrics"]);
  });
});

/** Sample lines without exemplars, and bounds as the text format writes them. */
function samplesIn(page: string): string[] {
  const lines = page.split("\n").filter((line) => line !== "" && !line.startsWith("#"));
  return lines.map((line) => line.replace(/ # .*$/, "").replace(/(le="\d+)\.0"/, '$1"'));
}

async function ours(metrics: Metrics, format: ExpositionFormat): Promise<string> {
  const lines = (await metrics.text(format)).split("\n");
  return lines.filter((line) => line.includes("sidestep_")).join("\n");
}

describe("both formats", () => {
  it("hold the same samples, however often and in whatever order they are asked for", async () => {
    const metrics = new Metrics();
    metrics.record(recordOf());
    metrics.decided(0.2, { id: "req-2" });
    const first = samplesIn(await ours(metrics, "text"));
    expect(samplesIn(await ours(metrics, "openmetrics"))).toEqual(first);
    expect(samplesIn(await ours(metrics, "text"))).toEqual(first);
    expect(first.length).toBeGreaterThan(50);
  });

  it("name counters as they want it: OpenMetrics without the suffix that samples have", async () => {
    const metrics = new Metrics();
    metrics.record(recordOf());
    expect(await metrics.text("text")).toContain("# TYPE sidestep_requests_total counter\n");
    const open = await metrics.text("openmetrics");
    expect(open).toContain("# TYPE sidestep_requests counter\n");
    expect(open).toContain("\nsidestep_requests_total{");
    expect(open.endsWith("\n# EOF\n")).toBe(true);
  });

  it("write numbers that are none as Prometheus does", () => {
    const values = [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 1e21, -0.5];
    const samples = values.map((value) => ({ name: "x", labels: [], value, exemplar: null }));
    const family: Family = { name: "x", help: 'a\nb \\ "c"', kind: "unknown", samples };
    expect(written([family], "text").split("\n")).toEqual([
      String.raw`# HELP x a\nb \\ "c"`,
      "# TYPE x untyped",
      "x NaN",
      "x +Inf",
      "x -Inf",
      "x 1e+21",
      "x -0.5",
      "",
    ]);
    expect(written([family], "openmetrics").split("\n").slice(0, 2)).toEqual([
      String.raw`# HELP x a\nb \\ \"c\"`,
      "# TYPE x unknown",
    ]);
  });

  it("never let a label's value out of its quotes", () => {
    const unit = fc.constantFrom(
      "\\",
      '"',
      "\n",
      "{",
      "}",
      ",",
      "#",
      " ",
      "n",
      "\u00e9",
      "\u{1f600}",
    );
    fc.assert(
      fc.property(fc.string({ unit }), (value) => {
        const sample = { name: "x", labels: [["l", value] as const], value: 1, exemplar: null };
        const family: Family = { name: "x", help: "h", kind: "gauge", samples: [sample] };
        for (const format of ["text", "openmetrics"] as const) {
          const line = written([family], format).split("\n")[2] ?? "";
          const inside = /^x\{l="((?:[^"\\]|\\[\\n"])*)"\} 1$/.exec(line)?.[1];
          const read = inside?.replaceAll(/\\(.)/g, (_all, one: string) =>
            one === "n" ? "\n" : one,
          );
          expect(read).toBe(value);
        }
      }),
    );
  });
});

describe("exemplars", () => {
  const traceId = "4bf92f3577b34da6a3ce929d0e0e4736";

  /** The exemplar of the bucket that a value falls into. */
  async function exemplarIn(metrics: Metrics, series: string): Promise<string | undefined> {
    const lines = (await metrics.text("openmetrics")).split("\n");
    return lines.find((line) => line.startsWith(series))?.split(" # ")[1];
  }

  it("lead from each duration of a call to its request id, and to its trace where there is one", async () => {
    const metrics = new Metrics();
    const one = { id: "0123456789abcdef0123", overheadMs: 2, firstByteMs: 30, totalMs: 3000 };
    metrics.record(recordOf({ ...one, traceId }));
    metrics.decided(0.004, { id: one.id, traceId: null });
    const ids = `{request_id="${one.id}",trace_id="${traceId}"}`;
    const by = ',decision="local"}';
    const found = [
      await exemplarIn(metrics, `sidestep_overhead_seconds_bucket{le="0.0025"${by}`),
      await exemplarIn(metrics, `sidestep_first_byte_seconds_bucket{le="0.04"${by}`),
      await exemplarIn(metrics, `sidestep_request_seconds_bucket{le="5.12"${by}`),
      await exemplarIn(metrics, 'sidestep_decision_seconds_bucket{le="0.005"}'),
    ];
    expect(found.map((text) => text?.replace(/ \d+\.?\d*$/, ""))).toEqual([
      `${ids} 0.002`,
      `${ids} 0.03`,
      `${ids} 3`,
      `{request_id="${one.id}"} 0.004`,
    ]);
    expect(Number(found[0]?.split(" ").at(-1))).toBeCloseTo(Date.now() / 1000, -1);
  });

  it("are the newest call's, so that they do not grow with calls", async () => {
    const metrics = new Metrics();
    for (const id of ["first", "second", "third"]) metrics.record(recordOf({ id }));
    const page = await metrics.text("openmetrics");
    expect(page).toContain('{request_id="third"}');
    expect(page).not.toContain('first"');
    expect(page).not.toContain('second"');
  });

  it("are left out of the text format, which has none, and a route cannot counterfeit one", async () => {
    const metrics = new Metrics();
    metrics.record(recordOf({ verdict: verdictOf({ route: 'x"} 1 # {trace_id="y"} 1' }) }));
    const page = await metrics.text("text");
    expect(page).not.toContain("request_id");
    expect(page).toContain(String.raw`route="x\"} 1 # {trace_id=\"y\"} 1"`);
  });
});
