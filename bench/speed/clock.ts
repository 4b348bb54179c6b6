/** A clock that all processes of a machine share, so that one can say when another one sent something. */

/** Milliseconds from an arbitrary beginning; never goes back. */
export function machineMs(): number {
  return Number(process.hrtime.bigint()) / 1e6;
}
