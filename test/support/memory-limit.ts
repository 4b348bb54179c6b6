/** Puts a running process into a control group with a memory limit of its own, as a cluster does with a container. */
import { existsSync, mkdirSync, rmdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const root = "/sys/fs/cgroup";
const isFirstVersion = existsSync(join(root, "memory/cgroup.procs"));
const parent = isFirstVersion ? join(root, "memory") : root;
const limitFile = isFirstVersion ? "memory.limit_in_bytes" : "memory.max";

/** Whether this machine lets us. */
export const canLimitMemory: boolean = isAllowed();

/** The limit holds for what the process allocates from now on; the returned function lifts it. */
export function limitMemory(pid: number, bytes: number): () => void {
  const group = join(parent, `sidestep-metrics-${process.pid}-${pid}`);
  mkdirSync(group);
  writeFileSync(join(group, limitFile), String(bytes));
  writeFileSync(join(group, "cgroup.procs"), String(pid));
  return () => {
    writeFileSync(join(parent, "cgroup.procs"), String(pid));
    rmdirSync(group);
  };
}

function isAllowed(): boolean {
  const group = join(parent, `sidestep-metrics-${process.pid}`);
  try {
    mkdirSync(group);
    writeFileSync(join(group, limitFile), String(64 * 1024 ** 3));
    return true;
  } catch {
    return false;
  } finally {
    if (existsSync(group)) rmdirSync(group);
  }
}
