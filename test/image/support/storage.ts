/** Builds images by buildah and takes them out again, in a storage of the tests' own. */
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { homedir, tmpdir } from "node:os";
import { join, resolve } from "node:path";
import * as v from "valibot";
import { writeBase, writeBuilder } from "./base.ts";

const root = resolve(import.meta.dirname, "../../..");

/** Stands in for the public image that ours stand on. */
export const baseName = "localhost/sidestep-base";

/** Stands in for the public image that ours are built in. */
const builderName = "localhost/sidestep-builder";

/** In what the build is given to fetch packages with. */
export const secret = "npm_aB3dE6gH9jK2mN5pQ8sT1vW4yZ7";

/** The targets of Dockerfile. */
export type Target = "full" | "slim";

/** The image of a target. */
export function nameOf(target: Target): string {
  return `localhost/sidestep:${target}`;
}

/** What an engine reads of an image. */
export interface Config {
  readonly User: string;
  readonly Env: readonly string[];
  readonly Entrypoint: readonly string[];
  readonly Cmd: readonly string[];
  readonly WorkingDir: string;
  readonly Labels: Readonly<Record<string, string>>;
  readonly Healthcheck: { readonly Test: readonly string[] };
  readonly Volumes?: unknown;
}

const inspected = v.object({
  Docker: v.object({
    config: v.object({
      User: v.string(),
      Env: v.array(v.string()),
      Entrypoint: v.array(v.string()),
      Cmd: v.array(v.string()),
      WorkingDir: v.string(),
      Labels: v.record(v.string(), v.string()),
      Healthcheck: v.object({ Test: v.array(v.string()) }),
      Volumes: v.optional(v.unknown()),
    }),
  }),
});

/** A folder of images; the driver works in a folder whose file system overlayfs can stand on. */
export class Storage {
  readonly #folder: string;

  constructor(folder: string) {
    this.#folder = folder;
    mkdirSync(folder, { recursive: true });
  }

  /** Runs buildah; what it wrote. */
  buildah(...args: readonly string[]): string {
    const at = ["--root", join(this.#folder, "images"), "--runroot", join(this.#folder, "run")];
    return execFileSync("buildah", [...at, "--storage-driver", "overlay", ...args], {
      cwd: root,
      maxBuffer: 64 * 1024 ** 2,
      stdio: ["ignore", "pipe", "pipe"],
    })
      .toString()
      .trim();
  }

  /** Makes the images that Dockerfile starts from, of this machine's files. */
  makeBases(): void {
    const wanted = [[baseName, writeBase] as const, [builderName, writeBuilder] as const];
    for (const [name, write] of wanted) {
      const tree = mkdtempSync(join(tmpdir(), "sidestep-tree-"));
      write(tree);
      const container = this.buildah("from", "scratch");
      this.buildah("add", "--quiet", container, tree, "/");
      this.buildah("commit", "--quiet", "--rm", "--timestamp", "0", container, name);
      rmSync(tree, { recursive: true });
    }
  }

  /** Builds a target of Dockerfile as far as it has changed, in the format that keeps health checks. */
  build(target: Target): void {
    this.#build(target, nameOf(target), ["--layers", "--format", "docker"]);
  }

  /**
   * Builds all of a target anew, under this name, in the open format: buildah 1.28 writes its own
   * container's name into the other.
   */
  buildAnew(target: Target, name: string): void {
    this.#build(target, name, ["--no-cache", "--format", "oci"]);
  }

  #build(target: Target, name: string, how: readonly string[]): void {
    const npmrc = join(this.#folder, "npmrc");
    const key = `//registry.example.test/:_authToken=${secret}`;
    writeFileSync(npmrc, `cache=/npm-cache\nprefer-offline=true\n${key}\n`);
    const options = [
      ["--pull-never", "--timestamp", "0"],
      ["--isolation", "oci", "--runtime", "runc", "--network", "host"],
      how,
      ["--build-arg", `BASE_IMAGE=${baseName}`, "--build-arg", `BUILD_IMAGE=${builderName}`],
      ["--build-arg", "REVISION=0123abc"],
      ["--secret", `id=npmrc,src=${npmrc}`, "--volume", `${npmCache()}:/npm-cache`],
      ["--target", target, "--tag", name],
    ].flat();
    this.buildah("build-using-dockerfile", ...options, ".");
  }

  /** What the image says about itself. */
  configOf(image: string): Config {
    const told: unknown = JSON.parse(this.buildah("inspect", "--type", "image", image));
    return v.parse(inspected, told).Docker.config;
  }

  /** The hash of everything that the image is. */
  idOf(image: string): string {
    return this.buildah("images", "--quiet", "--no-trunc", image);
  }

  /** Writes the image's file system, as a container sees it, into `to`. */
  writeTree(image: string, to: string): void {
    const container = this.buildah("from", "--pull-never", image);
    const mounted = this.buildah("mount", container);
    execFileSync("cp", ["-a", `${mounted}/.`, to]);
    this.buildah("umount", container);
    this.buildah("rm", container);
  }
}

/** The storage that runs share, so that steps which have not changed are not run again. */
export const sharedStorage: Storage = new Storage(join(root, ".cache/containers"));

/** Has what `npm ci` of this checkout has fetched. */
function npmCache(): string {
  return process.env["npm_config_cache"] ?? join(homedir(), ".npm");
}
