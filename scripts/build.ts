/** Writes dist/: the bundled program with all it needs but Node, the same bytes for the same source. */
import { chmod, lutimes, mkdir, readdir, rm } from "node:fs/promises";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { bundle, bundledPackages } from "./build/bundle.ts";
import {
  copiedPackages,
  copyData,
  copyNative,
  copyPage,
  platformOf,
  writeManifest,
} from "./build/copies.ts";
import { writeNotices } from "./build/notices.ts";
import { writeBill } from "./build/sbom.ts";

const root = join(import.meta.dirname, "..");

const here = `${process.platform}/${process.arch}`;

const help = `node scripts/build.ts [--out DIR] [--platform OS/ARCH]

  --out DIR            where to write (default: dist); what is there is removed
  --platform OS/ARCH   what the native library is for, as linux/arm64 (default: this machine)

SOURCE_DATE_EPOCH, in seconds, is the time of every file (default: 0).`;

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      out: { type: "string", default: join(root, "dist") },
      platform: { type: "string", default: "" },
      help: { type: "boolean", default: false },
    },
  });
  if (values.help) {
    console.log(help);
    return;
  }
  const out = resolve(values.out);
  const epochS = Number(process.env["SOURCE_DATE_EPOCH"] ?? 0);
  await rm(out, { recursive: true, force: true });
  await mkdir(out, { recursive: true });
  const metafile = await bundle(root, out);
  const folders = [...new Set([...bundledPackages(metafile), ...copiedPackages])].toSorted();
  await copyNative(root, out, platformOf(values.platform || here));
  await copyData(root, out);
  await copyPage(root, out);
  await writeManifest(root, out);
  await writeNotices(root, out, folders);
  await writeBill(root, out, { folders, epochS });
  await stamp(out, epochS);
}

/** Gives every file and folder the same rights and time, whatever the machine's habits are. */
async function stamp(path: string, epochS: number): Promise<void> {
  const entries = await readdir(path, { withFileTypes: true });
  for (const entry of entries) {
    const each = join(path, entry.name);
    if (entry.isDirectory()) await stamp(each, epochS);
    else await settle(each, 0o644, epochS);
  }
  await settle(path, 0o755, epochS);
}

async function settle(path: string, mode: number, epochS: number): Promise<void> {
  await chmod(path, mode);
  await lutimes(path, epochS, epochS);
}

await main();
