/** A file system of a few kilobytes that a test can fill; only a user who may mount can have one. */
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** The disk; close it after the test. */
export interface TinyDisk {
  readonly folder: string;
  /** Leaves no byte free. */
  fill(): void;
  /** Makes room again. */
  free(): void;
  close(): void;
}

/** Null where this user may not mount. */
export function mountTinyDisk(kibibytes: number): TinyDisk | null {
  const folder = mkdtempSync(join(tmpdir(), "sidestep-disk-"));
  try {
    const options = ["-t", "tmpfs", "-o", `size=${kibibytes}k`, "tmpfs", folder];
    execFileSync("mount", options, { stdio: "ignore" });
  } catch {
    rmSync(folder, { recursive: true });
    return null;
  }
  const filler = join(folder, "filler");
  return {
    folder,
    fill: () => {
      try {
        // More than there can be: what fits is written, the rest is refused.
        writeFileSync(filler, Buffer.alloc(kibibytes * 1024));
      } catch {
        // It is full now.
      }
    },
    free: () => rmSync(filler, { force: true }),
    close: () => {
      execFileSync("umount", ["-l", folder]);
      rmSync(folder, { recursive: true });
    },
  };
}
