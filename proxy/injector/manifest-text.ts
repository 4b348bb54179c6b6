/** Reads YAML as Kubernetes does and writes patches into it, so that comments and spellings stay as they were. */
import { parseAllDocuments, type Document } from "yaml";
import { expandAliases, patchNode, plainValue } from "./manifest-node.ts";
import type { Operation } from "rfc6902";
import type { Path } from "./workload.ts";

/** One document of a manifest. */
export interface ManifestDocument {
  /** What it holds, as Kubernetes would read it. */
  readonly value: unknown;
  /** Writes a patch of what stands at `path` into the text. */
  readonly apply: (path: Path, patch: readonly Operation[]) => void;
}

/** A manifest of one or more documents, or what is wrong with it. */
export type Manifest =
  | {
      readonly ok: true;
      readonly documents: readonly ManifestDocument[];
      /** The text with every patch that was applied. */
      readonly text: () => string;
    }
  | { readonly ok: false; readonly problem: string };

/** Reads a manifest. With this schema every plain value stays the text that it is, and is written as it was. */
export function readManifest(text: string): Manifest {
  const parsed = parseAllDocuments(text, { schema: "failsafe", logLevel: "error" });
  const documents: readonly Document.Parsed[] = Array.isArray(parsed) ? parsed : [];
  for (const document of documents) {
    const problem = problemOf(document);
    if (problem !== null) return { ok: false, problem };
  }
  // `kubectl` writes lists without indentation, people often with it.
  const indentSeq = !/^( *)[^\s#-][^\n]*:[^\S\n]*\n\1- /m.test(text);
  const flowCollectionPadding = /\{ \S/.test(text) || !/\{\S/.test(text);
  const style = { lineWidth: 0, indentSeq, flowCollectionPadding };
  return {
    ok: true,
    documents: documents.map((document) => ({
      value: plainValue(document.contents),
      apply: (path, patch) => patch.forEach((operation) => patchNode(document, path, operation)),
    })),
    text: () => documents.map((each) => each.toString(style)).join(""),
  };
}

function problemOf(document: Document.Parsed): string | null {
  const [error] = document.errors;
  if (error !== undefined) return error.message.split("\n")[0] ?? error.message;
  try {
    expandAliases(document);
    return null;
  } catch (fault) {
    return fault instanceof Error ? fault.message : String(fault);
  }
}
