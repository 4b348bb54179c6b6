/** The whole build, step by step: the bundled program with all it needs but Node; scripts/build.ts and scripts/image.ts use it. */
import { mkdir, rm } from "node:fs/promises";
import { bundle, bundledPackages } from "./bundle.ts";
import {
  copiedPackages,
  copyData,
  copyNative,
  copyPage,
  platformOf,
  writeManifest,
} from "./copies.ts";
import { writeNotices } from "./notices.ts";
import { writeBill } from "./sbom.ts";

const here = `${process.platform}/${process.arch}`;

/** Writes it into `out`, from which everything is removed first; no platform named is this machine's. */
export async function buildProgram(
  root: string,
  out: string,
  wanted: { readonly platform: string; readonly epochS: number },
): Promise<void> {
  await rm(out, { recursive: true, force: true });
  await mkdir(out, { recursive: true });
  const metafile = await bundle(root, out);
  const folders = [...new Set([...bundledPackages(metafile), ...copiedPackages])].toSorted();
  await copyNative(root, out, platformOf(wanted.platform || here));
  await copyData(root, out);
  await copyPage(root, out);
  await writeManifest(root, out);
  await writeNotices(root, out, folders);
  await writeBill(root, out, { folders, epochS: wanted.epochS });
}
