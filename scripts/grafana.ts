/** Makes a Grafana dashboard's JSON from rows of panels; dashboard.ts says which. */

/** One query of a panel. */
export interface Query {
  readonly expr: string;
  /** What each series is called, with its labels in double braces; "" for Grafana's own way. */
  readonly legend: string;
  /** Shows the calls that the scraper kept as examples. */
  readonly exemplars?: boolean;
}

/** How numbers are written: calls a second, seconds, bytes, US dollars, shares of 1, plain. */
export type Unit = "reqps" | "s" | "bytes" | "currencyUSD" | "percentunit" | "short" | "bool";

/** A panel; widths are in 24ths of the page. */
export interface Panel {
  readonly title: string;
  /** What it tells, for who does not know. */
  readonly about: string;
  readonly kind: "timeseries" | "stacked" | "stat" | "table" | "timeline";
  readonly unit: Unit;
  readonly width: number;
  readonly queries: readonly Query[];
}

/** Panels under one heading. */
export interface Row {
  readonly title: string;
  readonly panels: readonly Panel[];
}

/** What a dashboard is made from. */
export interface Dashboard {
  readonly uid: string;
  readonly title: string;
  readonly about: string;
  readonly rows: readonly Row[];
  /** Queries whose results are marks across all panels. */
  readonly marks: readonly { readonly name: string; readonly expr: string }[];
  /** Labels to choose by, each from the values that this metric has of it. */
  readonly choices: readonly { readonly label: string; readonly metric: string }[];
}

type Json = Readonly<Record<string, unknown>>;

const source = { type: "prometheus", uid: "${datasource}" };
const pageWidth = 24;
const panelHeight = 8;
const statHeight = 4;

/** The dashboard as Grafana imports it. */
export function grafanaJson(dashboard: Dashboard): string {
  const { uid, title, about, rows, marks, choices } = dashboard;
  const made = {
    uid,
    title,
    description: about,
    tags: ["sidestep"],
    schemaVersion: 39,
    editable: true,
    graphTooltip: 1,
    timezone: "browser",
    refresh: "30s",
    time: { from: "now-1h", to: "now" },
    annotations: { list: marks.map(markJson) },
    templating: { list: [sourceChoice, ...choices.map(choiceJson)] },
    panels: panelsOf(rows),
  };
  return `${JSON.stringify(made, null, 2)}\n`;
}

const sourceChoice = {
  name: "datasource",
  label: "Prometheus",
  type: "datasource",
  query: "prometheus",
  refresh: 1,
  hide: 0,
};

function choiceJson(choice: Dashboard["choices"][number]): Json {
  const query = `label_values(${choice.metric}, ${choice.label})`;
  return {
    name: choice.label,
    label: choice.label,
    type: "query",
    datasource: source,
    definition: query,
    query: { query, refId: choice.label },
    refresh: 2,
    sort: 1,
    multi: true,
    includeAll: true,
    allValue: ".*",
    current: { text: ["All"], value: ["$__all"] },
  };
}

function markJson({ name, expr }: Dashboard["marks"][number]): Json {
  return { name, expr, datasource: source, enable: true, iconColor: "purple", step: "30s" };
}

/** Places panels beside each other as long as there is room. */
function panelsOf(rows: readonly Row[]): Json[] {
  const made: Json[] = [];
  let y = 0;
  for (const row of rows) {
    const gridPos = { x: 0, y, w: pageWidth, h: 1 };
    made.push({ id: made.length + 1, type: "row", title: row.title, collapsed: false, gridPos });
    y += 1;
    let x = 0;
    let height = 0;
    for (const panel of row.panels) {
      if (x + panel.width > pageWidth) {
        y += height;
        x = 0;
      }
      height = panel.kind === "stat" ? statHeight : panelHeight;
      const place = { x, y, w: panel.width, h: height };
      made.push({ id: made.length + 1, ...panelJson(panel), gridPos: place });
      x += panel.width;
    }
    y += height;
  }
  return made;
}

function panelJson(panel: Panel): Json {
  const { title, about, kind } = panel;
  const isTable = kind === "table";
  return {
    type: types[kind],
    title,
    description: about,
    datasource: source,
    targets: panel.queries.map((query, at) => targetJson(query, at, isTable || kind === "stat")),
    fieldConfig: { defaults: defaultsOf(panel), overrides: [] },
    options: optionsOf(kind),
    ...(isTable
      ? {
          transformations: [
            { id: "labelsToFields", options: {} },
            { id: "merge", options: {} },
          ],
        }
      : {}),
  };
}

const types: Readonly<Record<Panel["kind"], string>> = {
  timeseries: "timeseries",
  stacked: "timeseries",
  stat: "stat",
  table: "table",
  timeline: "state-timeline",
};

function targetJson({ expr, legend, exemplars }: Query, at: number, isInstant: boolean): Json {
  return {
    refId: String.fromCodePoint(65 + at),
    datasource: source,
    expr,
    legendFormat: legend === "" ? "__auto" : legend,
    range: !isInstant,
    instant: isInstant,
    exemplar: exemplars ?? false,
  };
}

function defaultsOf({ kind, unit }: Panel): Json {
  const common = { unit: unit === "bool" ? "short" : unit, min: 0 };
  switch (kind) {
    case "timeseries":
      return { ...common, custom: { lineWidth: 1, fillOpacity: 8, showPoints: "never" } };
    case "stacked": {
      const stacking = { mode: "normal", group: "A" };
      return {
        ...common,
        custom: { lineWidth: 1, fillOpacity: 40, showPoints: "never", stacking },
      };
    }
    case "timeline":
      return { color: { mode: "thresholds" }, thresholds: badFrom(1), mappings: yesOrNo };
    case "stat":
    case "table":
      return unit === "bool" ? { mappings: yesOrNo, thresholds: badFrom(1) } : common;
  }
}

function badFrom(value: number): Json {
  const steps = [
    { color: "green", value: null },
    { color: "red", value },
  ];
  return { mode: "absolute", steps };
}

const yesOrNo = [{ type: "value", options: { "0": { text: "no" }, "1": { text: "yes" } } }];

function optionsOf(kind: Panel["kind"]): Json {
  switch (kind) {
    case "timeseries":
    case "stacked":
      return {
        legend: { displayMode: "list", placement: "bottom", showLegend: true },
        tooltip: { mode: "multi", sort: "desc" },
      };
    case "timeline":
      return { showValue: "never", mergeValues: true, legend: { showLegend: false } };
    case "stat":
      return {
        reduceOptions: { calcs: ["lastNotNull"], fields: "", values: false },
        graphMode: "area",
      };
    case "table":
      return { showHeader: true };
  }
}
