/** Writes the bill of materials: npm's own, kept to the packages that are really in the build; scripts/build.ts uses it. */
import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import * as v from "valibot";

const component = v.looseObject({ "bom-ref": v.string(), name: v.string(), version: v.string() });

const bill = v.looseObject({
  bomFormat: v.literal("CycloneDX"),
  metadata: v.looseObject({ component }),
  components: v.array(component),
  dependencies: v.array(v.object({ ref: v.string(), dependsOn: v.array(v.string()) })),
});

type Bill = v.InferOutput<typeof bill>;

/** One thing that the bill names, with whatever more is told of it. */
export interface Component {
  readonly "bom-ref": string;
  readonly name: string;
  readonly version: string;
  readonly [more: string]: unknown;
}

const billName = "sbom.cdx.json";

const identity = v.object({ name: v.string(), version: v.string() });

/** `name@version` of a package's folder, which is how npm refers to it. */
async function referenceOf(root: string, folder: string): Promise<string> {
  const text = await readFile(join(root, folder, "package.json"), "utf8");
  const { name, version } = v.parse(identity, JSON.parse(text));
  return `${name}@${version}`;
}

/** Writes `sbom.cdx.json` for the packages in these folders; throws when npm knows one of them not. */
export async function writeBill(
  root: string,
  out: string,
  built: { readonly folders: readonly string[]; readonly epochS: number },
): Promise<void> {
  const wanted = await Promise.all(built.folders.map((folder) => referenceOf(root, folder)));
  const kept = keptTo(await wholeBill(root), new Set(wanted));
  const missing = wanted.filter(
    (reference) => !kept.components.some((each) => each["bom-ref"] === reference),
  );
  if (missing.length > 0) throw new Error(`npm sbom lists no ${missing.join(", ")}`);
  await written(out, kept, built.epochS);
}

/** Writes into `to` the bill that is in `from`, with more that the program there comes with. */
export async function addToBill(
  from: string,
  to: string,
  more: { readonly components: readonly Component[]; readonly epochS: number },
): Promise<void> {
  const given = v.parse(bill, JSON.parse(await readFile(join(from, billName), "utf8")));
  const own = given.metadata.component["bom-ref"];
  const references = more.components.map((each) => each["bom-ref"]);
  const whole: Bill = {
    ...given,
    components: [...given.components, ...more.components],
    dependencies: [
      ...given.dependencies.map(({ ref, dependsOn }) =>
        ref === own ? { ref, dependsOn: [...dependsOn, ...references] } : { ref, dependsOn },
      ),
      ...references.map((ref) => ({ ref, dependsOn: [] })),
    ],
  };
  await written(to, whole, more.epochS);
}

async function written(folder: string, whole: Bill, epochS: number): Promise<void> {
  const text = JSON.stringify(reproducible(whole, epochS), null, 2);
  await writeFile(join(folder, billName), `${text}\n`);
}

/**
 * Everything in the lock file: with --omit=dev, npm leaves out a package that the program needs as soon
 * as a development package needs it too.
 */
async function wholeBill(root: string): Promise<Bill> {
  const args = ["sbom", "--sbom-format=cyclonedx", "--sbom-type=application"];
  const { stdout } = await npm([...args, "--package-lock-only"], root);
  return v.parse(bill, JSON.parse(stdout));
}

/** The npm that runs this build, else the one on the path. */
function npm(args: readonly string[], cwd: string): Promise<{ readonly stdout: string }> {
  const script = process.env["npm_execpath"];
  const [file, first] = script === undefined ? ["npm", []] : [process.execPath, [script]];
  const options = { cwd, maxBuffer: 64 * 1024 ** 2 };
  return promisify(execFile)(file, [...first, ...args], options);
}

/** npm names the program after its folder. */
function keptTo(whole: Bill, wanted: ReadonlySet<string>): Bill {
  const own = whole.metadata.component;
  const [name = own.name] = own["bom-ref"].split("@");
  const isKept = (reference: string): boolean => wanted.has(reference);
  return {
    ...whole,
    metadata: { ...whole.metadata, component: { ...own, name } },
    components: whole.components.filter((each) => isKept(each["bom-ref"])),
    dependencies: whole.dependencies
      .filter(({ ref }) => ref === own["bom-ref"] || isKept(ref))
      .map(({ ref, dependsOn }) => ({ ref, dependsOn: dependsOn.filter(isKept) })),
  };
}

/** The same build gives the same bytes: its time is the source's, its number comes from what it says. */
function reproducible(given: Bill, epochS: number): Bill {
  const metadata = { ...given.metadata, timestamp: new Date(epochS * 1000).toISOString() };
  const timed = { ...given, metadata, serialNumber: "" };
  const hex = createHash("sha256").update(JSON.stringify(timed)).digest("hex");
  const variant = ((Number.parseInt(hex.slice(16, 17), 16) & 3) | 8).toString(16);
  const groups = [
    hex.slice(0, 8),
    hex.slice(8, 12),
    `5${hex.slice(13, 16)}`,
    variant + hex.slice(17, 20),
    hex.slice(20, 32),
  ];
  return { ...timed, serialNumber: `urn:uuid:${groups.join("-")}` };
}
