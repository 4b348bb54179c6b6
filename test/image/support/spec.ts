/** Writes the configuration of a container as an engine makes it for a pod without privileges. */
import { defaultSeccomp } from "./seccomp.ts";

/** A folder or file that a container sees. */
export interface Mount {
  readonly from: string;
  readonly to: string;
  readonly isReadOnly: boolean;
}

/** What a container is to be. */
export interface Wanted {
  /** The folder that is its root. */
  readonly tree: string;
  readonly args: readonly string[];
  readonly env: readonly string[];
  readonly uid: number;
  readonly gid: number;
  readonly workingFolder: string;
  readonly mounts?: readonly Mount[];
  readonly memoryBytes: number | null;
  readonly isRootReadOnly?: boolean;
  /** The file of a network namespace; without it, that of the tests. */
  readonly network?: string;
}

const kernelFolders = [
  { destination: "/proc", type: "proc", source: "proc" },
  {
    destination: "/dev",
    type: "tmpfs",
    source: "tmpfs",
    options: ["nosuid", "strictatime", "mode=755", "size=65536k"],
  },
  {
    destination: "/dev/pts",
    type: "devpts",
    source: "devpts",
    options: ["nosuid", "noexec", "newinstance", "ptmxmode=0666", "mode=0620"],
  },
  {
    destination: "/dev/shm",
    type: "tmpfs",
    source: "shm",
    options: ["nosuid", "noexec", "nodev", "mode=1777", "size=65536k"],
  },
  {
    destination: "/sys",
    type: "none",
    source: "/sys",
    options: ["rbind", "nosuid", "noexec", "nodev", "ro"],
  },
];

const maskedPaths = [
  "/proc/acpi",
  "/proc/kcore",
  "/proc/keys",
  "/proc/latency_stats",
  "/proc/timer_list",
  "/proc/timer_stats",
  "/proc/sched_debug",
  "/proc/scsi",
  "/sys/firmware",
];

const readonlyPaths = ["/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger"];

const noCapability = { bounding: [], effective: [], permitted: [], inheritable: [], ambient: [] };

/** The configuration, for a container of this id. */
export function specOf(wanted: Wanted, id: string): object {
  const { network } = wanted;
  const own = ["pid", "ipc", "uts", "mount"].map((type) => ({ type }));
  return {
    ociVersion: "1.0.2",
    hostname: id,
    root: { path: wanted.tree, readonly: wanted.isRootReadOnly ?? true },
    process: processOf(wanted),
    mounts: [...kernelFolders, ...(wanted.mounts ?? []).map(bindOf)],
    linux: {
      namespaces: [...own, ...(network === undefined ? [] : [{ type: "network", path: network }])],
      cgroupsPath: `/${id}`,
      resources: {
        devices: [{ allow: false, access: "rwm" }],
        pids: { limit: 256 },
        ...(wanted.memoryBytes === null ? {} : { memory: { limit: wanted.memoryBytes } }),
      },
      seccomp: defaultSeccomp(),
      maskedPaths,
      readonlyPaths,
    },
  };
}

function processOf(wanted: Wanted): object {
  return {
    terminal: false,
    user: { uid: wanted.uid, gid: wanted.gid },
    args: wanted.args,
    env: wanted.env,
    cwd: wanted.workingFolder,
    capabilities: noCapability,
    noNewPrivileges: true,
  };
}

function bindOf({ from, to, isReadOnly }: Mount): object {
  const options = ["rbind", "nosuid", "nodev", "rprivate", isReadOnly ? "ro" : "rw"];
  return { destination: to, type: "bind", source: from, options };
}
