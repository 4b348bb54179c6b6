/** Makes, from this machine's own files, the images that Dockerfile builds in and stands on, for machines without a registry. */
import { execFileSync } from "node:child_process";
import { cpSync, existsSync, mkdirSync, realpathSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";

/** What an image of ours stands on, laid out as the public base that Dockerfile names. */
export function writeBase(root: string): void {
  copyProgram(process.execPath, root, "/nodejs/bin/node");
  copyLibrariesOf(onnxLibrary, root);
  writeSystem(root);
  mkdirSync(join(root, "home/nonroot"), { recursive: true });
}

const onnxLibrary = join(
  import.meta.dirname,
  "../../../node_modules/onnxruntime-node/bin/napi-v6/linux",
  process.arch,
  "libonnxruntime.so.1",
);

/** What Dockerfile's steps call. */
const tools = ["/bin/sh", "/bin/cp", "/bin/mkdir", "/usr/bin/env", "/usr/bin/tini-static"];

/** Where images are built: Node, npm, a shell and tini. */
export function writeBuilder(root: string): void {
  copyProgram(process.execPath, root, "/usr/local/bin/node");
  for (const tool of tools) copyProgram(realpathSync(tool), root, tool);
  cpSync(npmFolder(), join(root, "usr/local/lib/node_modules/npm"), { recursive: true });
  symlinkSync("../lib/node_modules/npm/bin/npm-cli.js", join(root, "usr/local/bin/npm"));
  const copyright = "/usr/share/doc/tini/copyright";
  mkdirSync(join(root, dirname(copyright)), { recursive: true });
  cpSync(copyright, join(root, copyright));
  writeSystem(root);
}

/** The npm that runs this, else the one on the path. */
function npmFolder(): string {
  const script =
    process.env["npm_execpath"] ?? execFileSync("sh", ["-c", "command -v npm"]).toString().trim();
  return dirname(dirname(realpathSync(script)));
}

function writeSystem(root: string): void {
  mkdirSync(join(root, "tmp"), { recursive: true, mode: 0o1777 });
  addFile(root, "/etc/passwd", "root:x:0:0::/root:\nnonroot:x:65532:65532::/home/nonroot:\n");
  addFile(root, "/etc/group", "root:x:0:\nnonroot:x:65532:\n");
  addFile(root, "/etc/nsswitch.conf", "hosts: files dns\n");
  const certificates = "/etc/ssl/certs/ca-certificates.crt";
  if (!existsSync(certificates)) return;
  mkdirSync(join(root, dirname(certificates)), { recursive: true });
  cpSync(certificates, join(root, certificates));
}

function addFile(root: string, path: string, text: string): void {
  mkdirSync(join(root, dirname(path)), { recursive: true });
  writeFileSync(join(root, path), text);
}

/** With the libraries that it is linked to; in a tree of its own there is nothing else. */
function copyProgram(from: string, root: string, to: string): void {
  mkdirSync(join(root, dirname(to)), { recursive: true });
  cpSync(from, join(root, to));
  copyLibrariesOf(from, root);
}

function copyLibrariesOf(program: string, root: string): void {
  for (const library of librariesOf(program)) {
    const to = join(root, library);
    if (existsSync(to)) continue;
    mkdirSync(dirname(to), { recursive: true });
    cpSync(realpathSync(library), to);
  }
}

/** A static program has none, at which ldd fails. */
function librariesOf(program: string): readonly string[] {
  let told: string;
  try {
    told = execFileSync("ldd", [program], { stdio: ["ignore", "pipe", "ignore"] }).toString();
  } catch {
    return [];
  }
  const paths = told.matchAll(/(?:=> )?(\/\S+) \(0x/g).map(([, path = ""]) => path);
  // What comes with the program itself is copied with it.
  return [...paths].filter((path) => relative(dirname(program), path).startsWith(".."));
}
