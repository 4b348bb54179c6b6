/** Reduces whatever was thrown to what a log may hold: kind, code and a short message without content; used by log. */

/** A fault as it is logged. */
export interface FaultSummary {
  readonly kind: string;
  readonly code: string | null;
  readonly message: string;
}

const longestMessage = 300;

// What a parser complains about is the text it was given, so its messages quote callers' content.
const quoting: ReadonlySet<string> = new Set(["SyntaxError", "ZodError", "ValiError"]);

/** What looks like a credential. */
export const secretPattern: RegExp =
  /\b(?:bearer|basic)\s+[\w.~+/=-]+|\b(?:sk|pk|rk|key|xox[abp]|gh[pousr])[-_][\w-]{8,}|\bAIza[\w-]{20,}|\beyJ[\w-]+\.[\w-]+\.?[\w-]*|(?<=:\/\/)[^\s/@]*@|(?<=[?&](?:api[-_]?key|key|token|sig|signature|code)=)[^&\s]+/gi;

/** Kind, code and message of a fault; the stack, the cause and other fields stay out. */
export function summaryOf(fault: unknown): FaultSummary {
  if (!(fault instanceof Error)) return { kind: typeof fault, code: null, message: "" };
  const code = codeOf(fault);
  const isQuoting = quoting.has(fault.name);
  const message = isQuoting ? "" : scrubbed(fault.message).slice(0, longestMessage);
  return { kind: fault.name.slice(0, 100), code, message };
}

/** The text with everything that looks like a credential taken out. */
export function scrubbed(text: string): string {
  // Bounded first: a message may be as long as the body it complains about.
  return withoutSecrets(text.slice(0, 4 * longestMessage));
}

/** The same for a text of ours, of any length. */
export function withoutSecrets(text: string): string {
  return text.replace(secretPattern, "***");
}

function codeOf(fault: Error): string | null {
  const code: unknown = "code" in fault ? fault.code : null;
  return typeof code === "string" || typeof code === "number" ? String(code).slice(0, 100) : null;
}
