/** Reads one YAML text into a tree with positions; load.ts calls it for policy and FAQ files. Never throws. */
import {
  isAlias,
  isMap,
  isScalar,
  isSeq,
  parseDocument,
  type Document,
  type ParsedNode,
  type Scalar,
  type YAMLMap,
  type YAMLParseError,
  type YAMLWarning,
} from "yaml";
import { interpolate, type Environment } from "./interpolation.ts";
import type { Position, ProblemList } from "./problem.ts";
import type { Branch, Entry, Leaf, Tree } from "./tree.ts";

/** Deepest nesting and most values of one file, aliases written out. */
const DEEPEST = 64;
const MOST_VALUES = 200_000;

const TOO_DEEP = `nested more than ${DEEPEST} levels deep`;

const UNREADABLE = "this is not readable YAML";

/** Names that JavaScript objects already have. */
const RESERVED: ReadonlySet<string> = new Set(["__proto__", "prototype", "constructor"]);

const NUMBER = /^-?(?:0|[1-9]\d*)(?:\.\d+)?$/;

/** What one file is read with. */
export interface ParseOptions {
  readonly file: string;
  readonly env: Environment;
  readonly problems: ProblemList;
}

/** The text's tree; null when it is empty or not YAML, which `problems` then says (an empty text is none). */
export function parseTree(text: string, options: ParseOptions): Tree | null {
  const start = { file: options.file, line: 1, column: 1 };
  try {
    const document = parseDocument(text, {
      prettyErrors: false,
      uniqueKeys: false,
      logLevel: "error",
    });
    const reader = new Reader(text, options);
    if (reader.reportFaults(document)) return null;
    return document.contents === null ? null : reader.read(document.contents, 0);
  } catch (error) {
    const { at, message } = error instanceof TooMuch ? error : { at: start, message: UNREADABLE };
    options.problems.add(at, message);
    return null;
  }
}

/** Ends the reading of a file that is out of proportion. */
class TooMuch extends Error {
  readonly at: Position;

  constructor(at: Position, message: string) {
    super(message);
    this.at = at;
  }
}

class Reader {
  readonly #text: string;
  /** Where each line begins. */
  readonly #lines: readonly number[];
  readonly #options: ParseOptions;
  readonly #anchors = new Map<string, unknown>();
  readonly #open = new Set<unknown>();
  #count = 0;

  constructor(text: string, options: ParseOptions) {
    this.#text = text;
    this.#lines = [0, ...Array.from(text.matchAll(/\n/g), (found) => found.index + 1)];
    this.#options = options;
  }

  /** Of what the parser stumbles over after its first fault, most is only a consequence of it. */
  reportFaults(document: Document.Parsed): boolean {
    const [first, ...more] = [...document.errors, ...document.warnings];
    if (first === undefined) return false;
    const others = more.filter((fault) => !/^(?:Unexpected|Not a YAML token)/.test(fault.message));
    for (const fault of [first, ...others]) {
      this.#options.problems.add(this.#at(fault.pos[0]), sentenceOf(fault, this.#text));
    }
    return true;
  }

  read(node: unknown, depth: number): Tree {
    const at = this.#positionOf(node);
    this.#count += 1;
    if (this.#count > MOST_VALUES) {
      throw new TooMuch(at, `more than ${MOST_VALUES} values, aliases written out`);
    }
    if (depth > DEEPEST) throw new TooMuch(at, TOO_DEEP);
    if (isAlias(node)) return this.#readAlias(node.source, at, depth);
    this.#remember(node);
    this.#open.add(node);
    const tree = this.#readOwn(node, at, depth);
    this.#open.delete(node);
    return tree;
  }

  #readOwn(node: unknown, at: Position, depth: number): Tree {
    if (isMap<ParsedNode, ParsedNode | null>(node)) return this.#readMap(node, at, depth);
    if (isSeq(node)) {
      const items = node.items.map((item) => this.read(item, depth + 1));
      return { kind: "list", at, items, lost: [] };
    }
    return isScalar(node) ? this.#readScalar(node, at) : { kind: "leaf", at, value: null };
  }

  #readAlias(name: string, at: Position, depth: number): Tree {
    const target = this.#anchors.get(name);
    if (target === undefined) {
      this.#options.problems.addLast(at, `no anchor \`${name}\` stands before this alias`);
    } else if (this.#open.has(target)) {
      this.#options.problems.addLast(at, `the alias \`${name}\` stands inside what it refers to`);
    } else {
      return this.read(target, depth + 1);
    }
    return { kind: "leaf", at, value: null };
  }

  #readMap(map: YAMLMap<ParsedNode, ParsedNode | null>, at: Position, depth: number): Branch {
    const entries = new Map<string, Entry>();
    const merged: Tree[] = [];
    for (const pair of map.items) {
      const keyAt = this.#positionOf(pair.key);
      const key = this.#keyOf(pair.key, keyAt);
      const value =
        pair.value === null
          ? ({ kind: "leaf", at: keyAt, value: null } as const)
          : this.read(pair.value, depth + 1);
      if (key === "<<") merged.push(value);
      else if (key !== null) this.#addEntry(entries, key, { keyAt, value });
    }
    for (const source of merged) this.#mergeInto(entries, source);
    return { kind: "map", at, entries, lost: [] };
  }

  #addEntry(entries: Map<string, Entry>, key: string, entry: Entry): void {
    const first = entries.get(key);
    if (first === undefined) {
      entries.set(key, entry);
      return;
    }
    const { line, column } = first.keyAt;
    this.#options.problems.add(
      entry.keyAt,
      `the key \`${key}\` stands here a second time; first at ${line}:${column}`,
    );
  }

  /** YAML's merge key: what the map itself says comes first, then the sources in order. */
  #mergeInto(entries: Map<string, Entry>, source: Tree): void {
    if (source.kind === "list") {
      for (const item of source.items) this.#mergeInto(entries, item);
      return;
    }
    if (source.kind === "leaf") {
      this.#options.problems.add(source.at, "`<<` takes the alias of a map, or a list of them");
      return;
    }
    for (const [key, entry] of source.entries) if (!entries.has(key)) entries.set(key, entry);
  }

  #keyOf(key: unknown, at: Position): string | null {
    this.#remember(key);
    const value = isScalar(key) ? key.value : undefined;
    const isText = typeof value === "string" || typeof value === "number";
    if (!isText || String(value) === "" || RESERVED.has(String(value))) {
      this.#options.problems.add(at, "this cannot be a key; a key is a text");
      return null;
    }
    return String(value);
  }

  #readScalar(scalar: Scalar, at: Position): Leaf {
    const { value } = scalar;
    switch (typeof value) {
      case "string":
        return { kind: "leaf", at, value: this.#fill(value, scalar.type === "PLAIN", at) };
      case "number":
      case "boolean":
        return { kind: "leaf", at, value };
      default:
        if (value !== null)
          this.#options.problems.addLast(at, "this kind of value has no use here");
        return { kind: "leaf", at, value: null };
    }
  }

  #fill(source: string, isPlain: boolean, at: Position): Leaf["value"] {
    const { text, isFilled, problems } = interpolate(source, this.#options.env);
    if (problems.length > 0) this.#options.problems.addLast(at, problems.join("; "));
    if (!isFilled || !isPlain) return text;
    if (text === "true" || text === "false") return text === "true";
    return NUMBER.test(text) && String(Number(text)) === text ? Number(text) : text;
  }

  #remember(node: unknown): void {
    if ((isMap(node) || isSeq(node) || isScalar(node)) && node.anchor !== undefined) {
      this.#anchors.set(node.anchor, node);
    }
  }

  #positionOf(node: unknown): Position {
    const hasRange = isMap(node) || isSeq(node) || isScalar(node) || isAlias(node);
    return this.#at(hasRange ? (node.range?.[0] ?? 0) : 0);
  }

  #at(offset: number): Position {
    let [line, after] = [0, this.#lines.length];
    while (after - line > 1) {
      const middle = (line + after) >>> 1;
      if ((this.#lines[middle] ?? 0) <= offset) line = middle;
      else after = middle;
    }
    const column = offset - (this.#lines[line] ?? 0) + 1;
    return { file: this.#options.file, line: line + 1, column };
  }
}

/**
 * The parser's sentence without the text it quotes (which could be a secret), with advice where
 * people new to YAML stumble.
 */
function sentenceOf(fault: YAMLParseError | YAMLWarning, text: string): string {
  if (fault.code === "MULTIPLE_DOCS") return "one document a file; put the second one into its own";
  if (fault.message.startsWith("Maximum call stack")) return TOO_DEEP;
  const sentence = fault.message.replace(/[:\n][^]*$/, "");
  const isComparison = /block scalar|Not a YAML token: [<>=\d]/i.test(fault.message);
  if (isComparison) return `${sentence}; put comparisons in quotes, e.g. ">= 0.90"`;
  const isVariable = text.slice(0, fault.pos[0] + 1).endsWith("${");
  return isVariable ? `${sentence}; inside { } or [ ] put \${...} in quotes` : sentence;
}
