/** How figures come from a program that writes JSON, where a figure that there is none of is null. */
import * as v from "valibot";

/** A number; NaN where there is none. */
export const figure: v.GenericSchema<number | null, number> = v.pipe(
  v.nullable(v.number()),
  v.transform((value) => value ?? Number.NaN),
);
