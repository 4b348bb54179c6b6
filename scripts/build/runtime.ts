/** How Node runs the program as shipped: the program's first line, the image and the bench say the same. */

/**
 * A young generation of half the usual size, and an old one that may grow by half between two
 * collections, are given back in time: half of the resident memory under load, for an eighth of the
 * highest rate.
 */
export const runtimeFlags: readonly string[] = [
  "--max-semi-space-size=8",
  "--heap-growing-percent=50",
];

/** The C library gives back what loading a model leaves free; it would keep 16 MB of it. */
export const runtimeEnvironment: Readonly<Record<string, string>> = {
  MALLOC_TRIM_THRESHOLD_: "65536",
};
