/** Every pod of the golden manifests, by a server's dry run: the webhook makes of it what `sidestep inject` makes of it. */
import { readdirSync, readFileSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { parseAllDocuments, stringify } from "yaml";
import { sidestep } from "../support/command.ts";
import { install, type Installed, type Made } from "./support/installed.ts";

const folder = resolve(import.meta.dirname, "../fixtures/inject");

interface Meta {
  readonly name?: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
}

interface Template {
  readonly metadata?: Meta;
  readonly spec?: PodSpec;
}

interface PodSpec {
  readonly containers: readonly { readonly name: string; readonly image?: string }[];
}

interface Workload {
  readonly kind: string;
  readonly metadata?: Meta;
  readonly items?: readonly Workload[];
  readonly template?: Template;
  readonly spec?: PodSpec & {
    readonly template?: Template;
    readonly jobTemplate?: { readonly spec: { readonly template: Template } };
  };
}

/** The manifests leave out what has no say there. */
function withImages({ containers }: PodSpec): readonly object[] {
  return containers.map((container) => ({ image: "app:1", ...container }));
}

/** Where a workload has its pod; a Pod is its own. */
function templateOf({ kind, metadata, spec, template }: Workload): Template | undefined {
  if (kind !== "Pod") return spec?.jobTemplate?.spec.template ?? spec?.template ?? template;
  return {
    ...(metadata === undefined ? {} : { metadata }),
    ...(spec === undefined ? {} : { spec }),
  };
}

/** Pods as a controller would make them of templates. */
function podsIn(workload: Workload): readonly object[] {
  if (workload.items !== undefined) return workload.items.flatMap(podsIn);
  const { spec, metadata = {} } = templateOf(workload) ?? {};
  if (spec === undefined) return [];
  const { labels = {}, annotations = {} } = metadata;
  const made = { name: workload.metadata?.name ?? "unnamed", labels, annotations };
  // The API server fills the period in before it asks the webhook.
  const filled = { terminationGracePeriodSeconds: 30, ...spec, containers: withImages(spec) };
  return [{ apiVersion: "v1", kind: "Pod", metadata: made, spec: filled }];
}

/** Those for older clusters have a line that says so. */
const cases = readdirSync(folder)
  // Why a pod is skipped stands in its status alone, which a manifest by hand does not get.
  .filter((name) => name.endsWith(".yaml") && name !== "skipped.yaml")
  .map((name) => ({ name, text: readFileSync(join(folder, name), "utf8") }))
  .filter(({ text }) => !text.startsWith("# kubernetes"))
  .flatMap(({ name, text }) =>
    parseAllDocuments(text, { merge: true })
      .flatMap((each) => podsIn(each.toJS() ?? { kind: "" }))
      .map((pod, at) => ({ name: `${name} ${at + 1}`, pod })),
  );

let at: Installed;
let settings: string;

beforeAll(async () => {
  at = await install({ "sidecar.redirectImage": "sidestep-redirect:test" });
  await at.namespace("shop", { "sidestep.dev/inject": "enabled" });
  await at.namespace("plain");
  const path = ["get", "configmap", "-n", "sidestep", "sidestep-injector"];
  const { out } = await at.cluster.kubectl([
    ...path,
    "-o",
    String.raw`jsonpath={.data.settings\.yaml}`,
  ]);
  settings = join(at.cluster.folder, "settings.yaml");
  await writeFile(settings, out);
});
afterAll(() => at.close());

interface SeenStatus {
  readonly containers?: Readonly<Record<string, object>>;
  readonly skipped?: string;
  readonly detail?: string;
}

/** The status holds variables as they were, which the API server has filled in for the webhook alone: names suffice. */
function outcome({ code, err, pod }: Made): object {
  if (pod === null) return { code, refused: err.replaceAll(/^Warning: .*\n/gm, "") };
  const { labels, annotations = {} } = pod.metadata;
  const { "sidestep.dev/status": text = "{}", ...others } = annotations;
  const { skipped: _skipped, detail: _detail, ...status }: SeenStatus = JSON.parse(text);
  const before = Object.entries(status.containers ?? {});
  const containers = before.map(([name, variables]) => [name, Object.keys(variables)]);
  return { code, labels, others, status: { ...status, containers }, spec: pod.spec };
}

describe("a golden pod", () => {
  it.each(cases)("$name", async ({ pod }) => {
    const { code, out, err } = await sidestep(["inject", "--settings", settings], stringify(pod));
    expect({ code, err: code === 0 ? "" : err }).toEqual({ code: 0, err: "" });
    const byHand: object = parseAllDocuments(out)[0]?.toJS();
    const [hooked, injected] = await Promise.all([at.make(pod, "shop"), at.make(byHand, "plain")]);
    expect(outcome(hooked)).toEqual(outcome(injected));
  });
});
