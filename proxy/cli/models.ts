/** `sidestep models`: the models that this machine has, what was measured of them, and which one the policy decides with. */
import { dirname, resolve } from "node:path";
import type { Policy } from "../core/policy.ts";
import type { ListedModel, ListedVariant } from "../inference/model-listing.ts";
import { loadPolicy } from "../policy/load.ts";
import { formatProblem } from "../policy/problem.ts";
import { bundledPolicy } from "./check.ts";
import { exitCodes, type Command, type Terminal } from "./command.ts";
import { isOn, readFlags, valueOf, type Flag } from "./flags.ts";

/** What the command asks of the folder of models. */
export interface ModelShelf {
  /** Models of the usual places, and those in `folders`. */
  listModels(
    modelsPath: string | undefined,
    folders: readonly string[],
  ): Promise<readonly ListedModel[]>;
  /** Rejects when there is no such model. */
  folderOf(model: string, base: string, modelsPath: string | undefined): Promise<string>;
}

const flags: Readonly<Record<string, Flag>> = {
  policy: { kind: "string" },
  json: { kind: "boolean" },
};

const help = `sidestep models: lists the models that this machine has

  --policy FILE_OR_DIR   the policy whose models are marked (default: the bundled default.yaml)
  --json                 the list as JSON
  --help                 this text

Each model with its variants (size, quantisation, measured latency), the accuracy of its heads, and
whether it passes its self-check on this processor, which is run for this list. Looked for in the
bundled folder, in those of SIDESTEP_MODELS and in ./models.
Exit codes: 0 listed, 1 a model that the policy names is not there, 2 the policy or a flag is invalid.`;

/** A model with what the policy does with it. */
interface Shown extends ListedModel {
  readonly uses: readonly string[];
}

interface Missing {
  readonly use: string;
  readonly error: string;
}

/** The command, over the models that `open` gives. */
export function modelsCommand(open: () => Promise<ModelShelf>): Command {
  return {
    name: "models",
    summary: "list the models that are there, with figures and self-check",
    help,
    run: async (args, terminal) => {
      const given = readFlags(args, flags, terminal.env);
      const path = resolve(valueOf(given, "policy") ?? bundledPolicy);
      const loaded = await loadPolicy({ path, env: terminal.env });
      if (!loaded.ok) {
        for (const problem of loaded.problems) terminal.err(formatProblem(problem));
        return exitCodes.invalid;
      }
      return list(await open(), loaded.policy, { terminal, isJson: isOn(given, "json") });
    },
  };
}

async function list(
  shelf: ModelShelf,
  policy: Policy,
  { terminal, isJson }: { readonly terminal: Terminal; readonly isJson: boolean },
): Promise<number> {
  const modelsPath = terminal.env["SIDESTEP_MODELS"];
  const base = dirname(policy.files[0] ?? ".");
  const missing: Missing[] = [];
  const uses = new Map<string, string[]>();
  for (const { use, model } of usesOf(policy)) {
    try {
      const folder = await shelf.folderOf(model, base, modelsPath);
      uses.set(folder, [...(uses.get(folder) ?? []), use]);
    } catch (fault) {
      missing.push({ use, error: fault instanceof Error ? fault.message : String(fault) });
    }
  }
  const folders = [...uses.keys()];
  const models = (await shelf.listModels(modelsPath, folders)).map((model) => ({
    ...model,
    uses: uses.get(model.folder) ?? [],
  }));
  if (isJson) terminal.out(JSON.stringify({ models, missing }, null, 2));
  else for (const line of linesOf(models, missing)) terminal.out(line);
  return missing.length === 0 ? exitCodes.ok : exitCodes.failed;
}

function usesOf(policy: Policy): readonly { readonly use: string; readonly model: string }[] {
  const decides = policy.model === null ? [] : [{ use: "decides", model: policy.model }];
  const generates = policy.routes.flatMap(({ name, action }) =>
    action.kind === "answer" && action.answer.kind === "generate"
      ? [{ use: `generates for ${name}`, model: action.answer.model }]
      : [],
  );
  return [...decides, ...generates];
}

function linesOf(models: readonly Shown[], missing: readonly Missing[]): readonly string[] {
  const gone = missing.map(({ use, error }) => `not there (${use}): ${error}`);
  return [...models.flatMap((model) => [...modelLines(model), ""]), ...gone];
}

function modelLines(model: Shown): readonly string[] {
  const uses = model.uses.length === 0 ? "not used by the policy" : model.uses.join(", ");
  return [
    `${model.name}  ${uses}`,
    row("folder", model.folder),
    row("self-check", selfCheckOf(model)),
    ...model.variants.map((variant) => row(variant.name, variantOf(variant))),
    ...(model.measuredOn === null ? [] : [row("measured on", model.measuredOn)]),
    ...accuracyLines(model),
  ];
}

function row(name: string, value: string): string {
  return `  ${name.padEnd(14)}${value}`;
}

function selfCheckOf({ selfCheck }: ListedModel): string {
  if (selfCheck === null) return "has none";
  return selfCheck.isPassed ? `passed, runs ${selfCheck.variant}` : `failed: ${selfCheck.error}`;
}

function variantOf(variant: ListedVariant): string {
  const { bytes, quantisation, file, p50Ms, p95Ms } = variant;
  const size = bytes >= 1e6 ? `${(bytes / 1e6).toFixed(1)} MB` : `${(bytes / 1e3).toFixed(1)} kB`;
  const speed =
    p50Ms === undefined || p95Ms === undefined
      ? "not measured"
      : `p50 ${p50Ms.toFixed(1)} ms, p95 ${p95Ms.toFixed(1)} ms`;
  return `${size}, ${quantisation}, ${speed}, ${file}`;
}

function accuracyLines({ accuracy, selfCheck }: ListedModel): readonly string[] {
  const runs = selfCheck?.isPassed === true ? selfCheck.variant : "default";
  return accuracy
    .filter(({ variant }) => variant === runs)
    .map(({ head, figure, value, low, high }) => {
      const around =
        low === null || high === null ? "" : ` (${low.toFixed(3)} to ${high.toFixed(3)})`;
      return row(head, `${figure} ${value.toFixed(3)}${around}`);
    });
}
