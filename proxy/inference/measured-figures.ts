/** Reads what a manifest says was measured of the model: speed by variant, accuracy by head; used by model-listing.ts. */
import * as v from "valibot";

/** Figures of one artefact. */
export interface Measured {
  /** Processor, threads and runtime; null when the manifest says nothing. */
  readonly on: string | null;
  /** By variant, in milliseconds: one inference over texts as the card describes them. */
  readonly speed: Readonly<Record<string, { readonly p50Ms: number; readonly p95Ms: number }>>;
  readonly accuracy: readonly Accuracy[];
}

/** One head's main figure, with the interval's ends. */
export interface Accuracy {
  readonly head: string;
  readonly variant: string;
  readonly figure: "macro-F1" | "AUROC" | "mean AUROC" | "accuracy";
  readonly value: number;
  readonly low: number | null;
  readonly high: number | null;
}

const interval = v.tuple([v.number(), v.number(), v.number()]);

const speedSchema = v.object({ p50_ms: v.number(), p95_ms: v.number() });

const figuresSchema = v.object({
  macro_f1: v.fallback(v.optional(interval), undefined),
  auroc: v.fallback(v.optional(interval), undefined),
  mean_auroc: v.fallback(v.optional(v.number()), undefined),
  accuracy: v.fallback(v.optional(v.number()), undefined),
});

const manifestSchema = v.object({
  metrics: v.looseObject({
    processor: v.optional(v.string()),
    threads: v.optional(v.number()),
    onnxruntime: v.optional(v.string()),
    heads: v.optional(v.record(v.string(), v.record(v.string(), v.unknown())), {}),
  }),
});

const variants = ["default", "reduce_range"] as const;

/** Never throws: what is missing or of another form is left out. */
export function readMeasured(manifestText: string): Measured {
  const parsed = v.safeParse(manifestSchema, JSON.parse(manifestText));
  if (!parsed.success) return { on: null, speed: {}, accuracy: [] };
  const { metrics } = parsed.output;
  const speed = variants.flatMap((variant) => {
    const found = v.safeParse(speedSchema, metrics[variant]);
    if (!found.success) return [];
    return [[variant, { p50Ms: found.output.p50_ms, p95Ms: found.output.p95_ms }] as const];
  });
  const accuracy = Object.entries(metrics.heads).flatMap(([head, by]) =>
    variants.flatMap((variant) => accuracyOf(head, variant, by[variant])),
  );
  return { on: placeOf(metrics), speed: Object.fromEntries(speed), accuracy };
}

function placeOf(metrics: {
  readonly processor?: string | undefined;
  readonly threads?: number | undefined;
  readonly onnxruntime?: string | undefined;
}): string | null {
  const { processor, threads, onnxruntime } = metrics;
  if (processor === undefined) return null;
  const more = [
    ...(threads === undefined ? [] : [`${threads} threads`]),
    ...(onnxruntime === undefined ? [] : [`onnxruntime ${onnxruntime}`]),
  ];
  return [processor, ...more].join(", ");
}

function accuracyOf(head: string, variant: string, given: unknown): readonly Accuracy[] {
  const parsed = v.safeParse(figuresSchema, given);
  if (!parsed.success) return [];
  const { macro_f1, auroc, mean_auroc, accuracy } = parsed.output;
  const at = { head, variant };
  if (macro_f1 !== undefined) return [{ ...at, figure: "macro-F1", ...spread(macro_f1) }];
  if (auroc !== undefined) return [{ ...at, figure: "AUROC", ...spread(auroc) }];
  const alone = { low: null, high: null };
  if (mean_auroc !== undefined) {
    return [{ ...at, figure: "mean AUROC", value: mean_auroc, ...alone }];
  }
  return accuracy === undefined ? [] : [{ ...at, figure: "accuracy", value: accuracy, ...alone }];
}

function spread([value, low, high]: readonly [number, number, number]) {
  return { value, low, high };
}
