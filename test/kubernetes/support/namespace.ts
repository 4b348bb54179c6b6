/** A network of a test's own with hosts of its own, in which commands run as chosen users: a pod as far as its network goes. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { writeFile } from "node:fs/promises";
import { createInterface } from "node:readline";
import { daemon, ran, type Daemon, type Ended } from "./process.ts";

/** A running network. */
export interface Namespace {
  /** Runs a command to its end. */
  ran(
    command: readonly string[],
    uid?: number,
    env?: Readonly<Record<string, string>>,
  ): Promise<Ended>;
  /** Starts a process that runs until it is stopped. */
  daemon(command: readonly string[], uid?: number, env?: Readonly<Record<string, string>>): Daemon;
  close(): Promise<void>;
}

/** Makes one with loopback alone, these addresses, these lines for its hosts file, which is written to `folder`, and whatever name server is at its loopback. */
export async function startNamespace(
  folder: string,
  addresses: readonly string[],
  hosts: readonly string[],
): Promise<Namespace> {
  const file = `${folder}/hosts`;
  await writeFile(file, ["127.0.0.1 localhost", ...hosts, ""].join("\n"));
  await writeFile(`${folder}/resolv.conf`, "nameserver 127.0.0.1\n");
  const setUp = [
    `mount --bind ${file} /etc/hosts`,
    `mount --bind ${folder}/resolv.conf /etc/resolv.conf`,
    "ip link set lo up",
    ...addresses.map((address) => `ip addr add ${address} dev lo`),
    "echo up",
    "exec sleep infinity",
  ].join(" && ");
  const holder = spawn("unshare", ["--net", "--mount", "sh", "-c", setUp], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  await once(createInterface({ input: holder.stdout }), "line");
  const inside = (command: readonly string[], uid: number): readonly string[] => {
    const enter = ["--target", String(holder.pid), "--net", "--mount", `--wd=${process.cwd()}`];
    // Another user may still read the program, wherever it lies.
    const caps = ["--inh-caps=+dac_read_search", "--ambient-caps=+dac_read_search"];
    const become = ["setpriv", `--reuid=${uid}`, `--regid=${uid}`, "--clear-groups", ...caps];
    return [...enter, ...(uid === 0 ? [] : become), ...command];
  };
  return {
    ran: (command, uid = 0, env = {}) => ran("nsenter", inside(command, uid), { env }),
    daemon: (command, uid = 0, env = {}) => daemon("nsenter", inside(command, uid), env),
    close: async () => {
      const gone = once(holder, "exit");
      holder.kill("SIGKILL");
      await gone;
    },
  };
}
