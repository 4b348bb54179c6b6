/** Writes dist/: the bundled program with all it needs but Node, the same bytes for the same source. */
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { buildProgram } from "./build/program.ts";
import { sourceDateEpoch, stamp } from "./build/stamp.ts";

const root = join(import.meta.dirname, "..");

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
  const epochS = sourceDateEpoch();
  await buildProgram(root, out, { platform: values.platform, epochS });
  await stamp(out, epochS);
}

await main();
