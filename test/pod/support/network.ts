/** Gives a pod a network of its own: a namespace, and a cable from it to the tests', which play the node and all that is outside. */
import { execFileSync, spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { readlinkSync } from "node:fs";
import { eventually } from "../../support/sidecar.ts";

/** Where what is outside of pods listens. */
export const outside = "10.96.0.1";

/** A pod's network. */
export interface PodNetwork {
  /** The file of the namespace. */
  readonly file: string;
  /** The pod's address. */
  readonly address: string;
  close(): Promise<void>;
}

let count = 0;

/** Makes `outside` an address of the tests. */
export function openOutside(): void {
  run("ip", "address", "replace", `${outside}/32`, "dev", "lo");
}

/** Opens one; pods reach `outside`, and the tests reach the pod's address. */
export async function openNetwork(): Promise<PodNetwork> {
  count += 1;
  const number = count;
  const holder = spawn("unshare", ["--net", "cat"], { stdio: ["pipe", "ignore", "ignore"] });
  const file = `/proc/${holder.pid}/ns/net`;
  await eventually(() => (readlinkSync(file) === readlinkSync("/proc/self/ns/net") ? null : true));
  const [near, far] = addressesOf(number);
  const [cable, end] = [`pod${number}`, `end${number}`];
  const inside = (...words: readonly string[]): void => run("nsenter", `--net=${file}`, ...words);
  run("ip", "link", "add", cable, "type", "veth", "peer", "name", end, "netns", `${holder.pid}`);
  run("ip", "address", "add", near, "peer", far, "dev", cable);
  run("ip", "link", "set", cable, "up");
  inside("ip", "link", "set", "lo", "up");
  inside("ip", "address", "add", far, "peer", near, "dev", end);
  inside("ip", "link", "set", end, "up");
  inside("ip", "route", "add", "default", "via", near);
  return { file, address: far, close: () => closed(holder) };
}

function addressesOf(number: number): readonly [string, string] {
  const part = `10.7.${Math.floor(number / 100)}`;
  const last = (number % 100) * 2;
  return [`${part}.${last + 1}`, `${part}.${last + 2}`];
}

function run(command: string, ...args: readonly string[]): void {
  execFileSync(command, args);
}

/** With its last process the namespace goes, and the cable with it. */
async function closed(holder: ChildProcess): Promise<void> {
  const ended = once(holder, "exit");
  holder.stdin?.end();
  await ended;
}
