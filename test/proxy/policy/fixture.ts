/** Policy files in folders of their own, and what loading them gives; the tests of this folder use it. */
import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, relative } from "node:path";
import { onTestFinished } from "vitest";
import type { Policy, Route } from "../../../proxy/core/policy.ts";
import { loadPolicy, type Loaded } from "../../../proxy/policy/load.ts";
import type { Problem } from "../../../proxy/policy/problem.ts";

/** The repository's folder of policies. */
export const POLICIES: string = join(import.meta.dirname, "../../../policies");

/** Texts by file name. */
export type Files = Readonly<Record<string, string>>;

/** A folder that is gone when the test ends. */
export function folderWith(files: Files): string {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), "policy-")));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  writeFiles(folder, files);
  return folder;
}

export function writeFiles(folder: string, files: Files): void {
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), text);
  }
}

/** Loads `policy.yaml` of these files, or the folder when there is none. */
export function loadFiles(
  files: Files,
  env: Readonly<Record<string, string>> = {},
): Promise<Loaded & { folder: string }> {
  const folder = folderWith(files);
  const path = "policy.yaml" in files ? join(folder, "policy.yaml") : folder;
  return loadPolicy({ path, env }).then((loaded) => ({ ...loaded, folder }));
}

/** The policy of one text; fails the test when it has problems. */
export async function policyOf(
  text: string,
  others: Files = {},
  env: Readonly<Record<string, string>> = {},
): Promise<Policy> {
  const loaded = await loadFiles({ ...others, "policy.yaml": text }, env);
  if (!loaded.ok) throw new Error(problemLines(loaded.problems, loaded.folder).join("\n"));
  return loaded.policy;
}

/** Problems of one text as "line:col message", with the file's name when it is another than policy.yaml. */
export async function problemsOf(
  text: string,
  others: Files = {},
  env: Readonly<Record<string, string>> = {},
): Promise<readonly string[]> {
  const loaded = await loadFiles({ ...others, "policy.yaml": text }, env);
  return loaded.ok ? [] : problemLines(loaded.problems, loaded.folder);
}

export function problemLines(problems: readonly Problem[], folder: string): readonly string[] {
  return problems.map(({ file, line, column, message }) => {
    const name = relative(folder, file);
    const words = message.replaceAll(`${folder}/`, "");
    return `${name === "policy.yaml" ? "" : `${name}:`}${line}:${column} ${words}`;
  });
}

/** A route of a policy by name; fails the test when it is not there. */
export function routeOf(policy: Policy, name: string): Route {
  const route = policy.routes.find((each) => each.name === name);
  if (route === undefined) throw new Error(`no route ${name}`);
  return route;
}

/** A one-route policy whose `when` and action are given in flow style. */
export function routePolicy(when: string, action = "answer: { template: Hi }"): string {
  return `routes:\n  - name: only\n    when: ${when}\n    ${action}\n`;
}
