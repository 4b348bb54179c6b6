/** Reads what an image's layers are and weigh when they are sent to a registry. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import * as v from "valibot";
import { sharedStorage } from "./storage.ts";

/** Layers from the bottom: their hashes unpacked, and their compressed sizes in bytes. */
export interface Layers {
  readonly diffIds: readonly string[];
  readonly sizes: readonly number[];
}

const descriptor = v.object({ digest: v.string(), size: v.number() });
const index = v.object({ manifests: v.tuple([descriptor]) });
const manifest = v.object({ config: descriptor, layers: v.array(descriptor) });
const config = v.object({ rootfs: v.object({ diff_ids: v.array(v.string()) }) });

/** Pushes the image into this folder, which is not to exist, and reads what came. */
export function layersOf(image: string, folder: string): Layers {
  sharedStorage.buildah("push", "--quiet", image, `oci:${folder}`);
  const [newest] = v.parse(index, read(join(folder, "index.json"))).manifests;
  const told = v.parse(manifest, blob(folder, newest.digest));
  const { rootfs } = v.parse(config, blob(folder, told.config.digest));
  return { diffIds: rootfs.diff_ids, sizes: told.layers.map(({ size }) => size) };
}

function blob(folder: string, digest: string): unknown {
  return read(join(folder, "blobs", ...digest.split(":")));
}

function read(file: string): unknown {
  return JSON.parse(readFileSync(file, "utf8"));
}
