/** Writes what the image consists of, as Dockerfile copies it: the program with its init, and the models apart. */
import {
  appendFile,
  chmod,
  copyFile,
  mkdir,
  readFile,
  rename,
  symlink,
  writeFile,
} from "node:fs/promises";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { initComponent, modelComponents } from "./build/components.ts";
import { buildProgram } from "./build/program.ts";
import { addToBill } from "./build/sbom.ts";
import { sourceDateEpoch, stamp } from "./build/stamp.ts";

const root = join(import.meta.dirname, "..");

const help = `node scripts/image.ts --out DIR --init DIR [--node PATH] [--platform OS/ARCH]

  --out DIR            where to write program/ and model/, each a tree from the image's root
  --init DIR           holds tini, its version and its copyright, as Dockerfile finds them
  --node PATH          where Node is in the base image (default: /nodejs/bin/node)
  --platform OS/ARCH   what the native library is for, as linux/arm64 (default: this machine)

SOURCE_DATE_EPOCH, in seconds, is the time of every file (default: 0).`;

/** By the link, so that nothing else has to know where the base image has Node. */
const launcher = `#!/app/bin/node
import "../sidestep.js";
`;

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      out: { type: "string", default: "" },
      init: { type: "string", default: "" },
      node: { type: "string", default: "/nodejs/bin/node" },
      platform: { type: "string", default: "" },
      help: { type: "boolean", default: false },
    },
  });
  if (values.help || values.out === "" || values.init === "") {
    console.log(help);
    process.exitCode = values.help ? 0 : 2;
    return;
  }
  const out = resolve(values.out);
  const epochS = sourceDateEpoch();
  const program = join(out, "program/app");
  await buildProgram(root, program, { platform: values.platform, epochS });
  await addPrograms(program, values.init, values.node);
  await addToBill(program, program, { components: [await initComponent(values.init)], epochS });
  await moveModels(program, join(out, "model/app"), epochS);
  await stamp(out, epochS);
  for (const name of ["tini", "sidestep"]) await chmod(join(program, "bin", name), 0o755);
}

/** What the image starts: its init, Node, and `sidestep` for hooks and those who look in. */
async function addPrograms(program: string, init: string, node: string): Promise<void> {
  const bin = join(program, "bin");
  await mkdir(bin);
  await copyFile(join(init, "tini"), join(bin, "tini"));
  await symlink(node, join(bin, "node"));
  await writeFile(join(bin, "sidestep"), launcher);
  const copyright = await readFile(join(init, "copyright"), "utf8");
  const notice = `${"-".repeat(80)}\ntini\n\n${copyright.trim()}\n`;
  await appendFile(join(program, "THIRD-PARTY-NOTICES.txt"), notice);
}

/** The models are a layer of their own, with the bill of the image that has them. */
async function moveModels(program: string, model: string, epochS: number): Promise<void> {
  await mkdir(model, { recursive: true });
  await rename(join(program, "models"), join(model, "models"));
  const components = await modelComponents(join(model, "models"));
  await addToBill(program, model, { components, epochS });
}

await main();
