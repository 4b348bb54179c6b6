/** Fills `${VAR}` and `${VAR:-x}` in a text from the environment; parse.ts calls it for every scalar. */

/** Variables by name. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** The filled text, and what could not be filled. */
export interface Interpolation {
  readonly text: string;
  /** False when the text held nothing to fill. */
  readonly isFilled: boolean;
  readonly problems: readonly string[];
}

const PLACE = /\$\$\{|\$\{([^}]*)\}?/g;
const CONTENT = /^([A-Za-z_][A-Za-z0-9_]*)(?::-([^]*))?$/;

/** `$${` stands for a literal `${`. A variable that is unset or empty takes the default, if there is one. */
export function interpolate(source: string, env: Environment): Interpolation {
  const problems: string[] = [];
  if (!source.includes("${")) return { text: source, isFilled: false, problems };
  const text = source.replace(PLACE, (place: string, content: string | undefined) => {
    if (content === undefined) return "${";
    const filled = place.endsWith("}") ? fill(content, env) : malformed;
    if (typeof filled === "string") return filled;
    problems.push(filled.problem);
    return "";
  });
  return { text, isFilled: true, problems };
}

const malformed = {
  problem: "expected ${NAME} or ${NAME:-default}, not nested; write $${ for a literal ${",
} as const;

function fill(content: string, env: Environment): string | { readonly problem: string } {
  const [, name, fallback] = CONTENT.exec(content) ?? [];
  if (name === undefined || fallback?.includes("${") === true) return malformed;
  const value = Object.hasOwn(env, name) ? env[name] : undefined;
  if (fallback !== undefined) return value === undefined || value === "" ? fallback : value;
  if (value !== undefined) return value;
  return {
    problem: `the environment has no variable ${name}; set it, or give a default: \${${name}:-...}`,
  };
}
