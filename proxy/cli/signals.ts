/** The signals that ask a command to stop. */

/** Resolves at the first and at the second signal to stop. */
export function watchSignals(): { readonly first: Promise<void>; readonly second: Promise<void> } {
  const first = Promise.withResolvers<void>();
  const second = Promise.withResolvers<void>();
  let count = 0;
  for (const signal of ["SIGTERM", "SIGINT"] as const) {
    process.on(signal, () => {
      count += 1;
      (count === 1 ? first : second).resolve();
    });
  }
  return { first: first.promise, second: second.promise };
}
