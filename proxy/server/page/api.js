/** Asks the admin listener; what goes wrong comes as an error whose message people can read. */

/** Longest wait for a reply. */
const patienceMs = 20_000;

/**
 * @param {string} path
 * @param {AbortSignal} [signal]
 * @returns {Promise<any>}
 */
export function getJson(path, signal) {
  return asked(path, signal === undefined ? {} : { signal });
}

/**
 * @param {string} path
 * @param {unknown} body
 * @returns {Promise<any>}
 */
export function postJson(path, body) {
  const headers = { "content-type": "application/json" };
  return asked(path, { method: "POST", headers, body: JSON.stringify(body) });
}

/**
 * @param {string} path
 * @param {RequestInit} how
 */
async function asked(path, { signal, ...how }) {
  const patience = AbortSignal.timeout(patienceMs);
  const reply = await fetch(path, {
    ...how,
    signal: signal ? AbortSignal.any([signal, patience]) : patience,
  }).catch((fault) => {
    throw new Error(wordsFor(fault), { cause: fault });
  });
  const body = await reply.json().catch(() => null);
  if (!reply.ok) throw new Error(body?.error?.message ?? `The sidecar answered ${reply.status}.`);
  return body;
}

/** @param {unknown} fault */
function wordsFor(fault) {
  const isLate = fault instanceof DOMException && fault.name === "TimeoutError";
  return isLate
    ? `The sidecar did not answer within ${patienceMs / 1000} seconds.`
    : "The sidecar does not answer here. Is it still running?";
}
