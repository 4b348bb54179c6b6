/** Reads the operator's settings for sidecars; `inject` and `injector` take the same file. */
import { readFile } from "node:fs/promises";
import { parse } from "yaml";
import { UsageError } from "./command.ts";
import { valueOf, type Flags } from "./flags.ts";

/** Checks settings; the injector's own, which is loaded when it is wanted. */
export interface SettingsReader<S> {
  readonly readSettings: (value: unknown) => SettingsRead<S>;
}

/** Settings, or everything that is wrong with them. */
export type SettingsRead<S> =
  | { readonly ok: true; readonly settings: S }
  | { readonly ok: false; readonly problems: readonly string[] };

/** What `--settings` and `--image` say. Throws UsageError. */
export async function settingsOf<S>(
  given: Flags,
  reader: SettingsReader<S>,
  version: string,
): Promise<S> {
  const file = valueOf(given, "settings");
  const written: unknown = file === undefined ? {} : parse((await bytesOf(file)).toString());
  const image = valueOf(given, "image");
  const all = {
    image: `sidestep:${version}`,
    ...(typeof written === "object" ? written : {}),
    ...(image === undefined ? {} : { image }),
  };
  const read = reader.readSettings(all);
  if (read.ok) return read.settings;
  throw new UsageError(
    read.problems.map((problem) => `${file ?? "settings"}: ${problem}`).join("\n"),
  );
}

/** A file that was named. Throws UsageError. */
export async function bytesOf(file: string): Promise<Buffer> {
  try {
    return await readFile(file);
  } catch (fault) {
    throw new UsageError(fault instanceof Error ? fault.message : String(fault), { cause: fault });
  }
}
