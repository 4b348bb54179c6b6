/** What a process and all that it started have used so far: processor time and memory, as Linux counts them. */
import { readdirSync, readFileSync } from "node:fs";

/** Linux counts processor time for users in hundredths of a second on every platform that Node runs on. */
const ticksPerSecond = 100;

interface Stat {
  readonly pid: number;
  readonly parent: number;
  readonly cpuSeconds: number;
}

/** Processor seconds of a process and its living descendants, all threads. */
export function cpuSeconds(pid: number): number {
  return family(pid).reduce((sum, stat) => sum + stat.cpuSeconds, 0);
}

/** Resident megabytes (10^6 bytes) of a process and its living descendants. */
export function residentMB(pid: number): number {
  return family(pid).reduce((sum, stat) => sum + residentOf(stat.pid), 0);
}

function family(pid: number): readonly Stat[] {
  const all = readdirSync("/proc")
    .filter((name) => /^\d+$/u.test(name))
    .flatMap(statOf);
  const members = all.filter((stat) => stat.pid === pid);
  for (const member of members) members.push(...all.filter(({ parent }) => parent === member.pid));
  return members;
}

/** Empty when the process has ended meanwhile. */
function statOf(name: string): readonly Stat[] {
  const text = read(`/proc/${name}/stat`);
  // The command's name stands in brackets and may hold anything.
  const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
  if (text === "") return [];
  const ticks = Number(fields[11]) + Number(fields[12]);
  return [{ pid: Number(name), parent: Number(fields[1]), cpuSeconds: ticks / ticksPerSecond }];
}

function residentOf(pid: number): number {
  const kibibytes = /^VmRSS:\s+(\d+) kB/mu.exec(read(`/proc/${pid}/status`))?.[1] ?? "0";
  return (Number(kibibytes) * 1024) / 1e6;
}

function read(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return "";
  }
}
