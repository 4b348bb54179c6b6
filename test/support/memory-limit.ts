/** Puts a running process into a control group with a memory limit of its own, as a cluster does with a container. */
import { existsSync, mkdirSync, rmdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const root = "/sys/fs/cgroup";
const isFirstVersion = existsSync(join(root, "memory/cgroup.procs"));
const parent = isFirstVersion ? join(root, "memory") : root;
const limitFile = isFirstVersion ? "memory.limit_in_bytes" : "memory.max";

/** A group of processes with a limit; close it when its processes have ended. */
export interface MemoryLimit {
  /** The beginning of a command that runs the rest of it within the limit. */
  readonly under: readonly string[];
  close(): void;
}

/** A limit for a process that is started under it; null where this user cannot set one. */
export function memoryLimit(bytes: number): MemoryLimit | null {
  if (!canLimitMemory) return null;
  const group = join(parent, `sidestep-test-${process.pid}-${bytes}`);
  mkdirSync(group);
  writeFileSync(join(group, limitFile), String(bytes));
  const enter = `echo $$ > ${join(group, "cgroup.procs")} && exec "$@"`;
  return { under: ["/bin/sh", "-c", enter, "sh"], close: () => rmdirSync(group) };
}

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
