/** Kubernetes quantities of memory and processor time, as far as annotations and settings hold them. */

/** What Kubernetes takes for CPU and memory. */
export const QUANTITY: RegExp = /^\d+(?:\.\d+)?(?:m|k|Ki|M|Mi|G|Gi|T|Ti)?$/;

const factors: Readonly<Record<string, number>> = {
  "": 1,
  m: 0.001,
  k: 1e3,
  M: 1e6,
  G: 1e9,
  T: 1e12,
  Ki: 2 ** 10,
  Mi: 2 ** 20,
  Gi: 2 ** 30,
  Ti: 2 ** 40,
};

/** The quantity as a number, bytes for memory; null when it is none. */
export function amountOf(quantity: string): number | null {
  if (!QUANTITY.test(quantity)) return null;
  const [, number = "", unit = ""] = /^([\d.]+)(.*)$/.exec(quantity) ?? [];
  return Number(number) * (factors[unit] ?? 1);
}
