/** `npm run test:k8s`: builds what the Kubernetes tests need where it is absent, and runs them in a network namespace of their own. */
import { cpSync, existsSync } from "node:fs";
import { join, resolve } from "node:path";
import { toolFolder, toolPath, tools } from "../test/kubernetes/support/tools.ts";
import { isThere, leaveOut, place, run, suiteFlags } from "./suite/programs.ts";

const root = resolve(import.meta.dirname, "..");
const goEnv = { ...process.env, CGO_ENABLED: "0" };

type Tool = keyof typeof tools;

/** Modules that `go install` takes; the API server's has replacements, which that refuses. */
const modules: Readonly<Record<Exclude<Tool, "kube-apiserver">, string>> = {
  helm: "helm.sh/helm/v4/cmd/helm",
  kubeconform: "github.com/yannh/kubeconform/cmd/kubeconform",
};

function build(name: Tool): void {
  place(
    toolPath(name),
    (folder) => (name === "kube-apiserver" ? buildServer(folder) : install(name, folder)),
    name,
  );
}

function install(name: keyof typeof modules, folder: string): void {
  const env = { ...goEnv, GOBIN: folder };
  run("go", ["install", "-trimpath", "-ldflags", "-s -w", `${modules[name]}@v${tools[name]}`], {
    env,
  });
}

/** Without the version in it the server would say v0.0.0, which charts refuse. */
function buildServer(folder: string): void {
  cpSync(join(root, "test/kubernetes/go"), folder, { recursive: true });
  const version = tools["kube-apiserver"];
  const [major = "", minor = ""] = version.split(".");
  const words = { gitVersion: `v${version}`, gitMajor: major, gitMinor: minor };
  const flags = Object.entries(words).map(
    ([key, value]) => `-X k8s.io/component-base/version.${key}=${value}`,
  );
  const ldflags = ["-s -w", ...flags].join(" ");
  const what = "k8s.io/kubernetes/cmd/kube-apiserver";
  const args = ["build", "-trimpath", "-ldflags", ldflags, "-o", `${folder}/`, what];
  run("go", args, { cwd: folder, env: { ...goEnv, GOFLAGS: "-mod=mod" } });
}

/** Of the system, beside what is built. */
const systems = ["etcd", "kubectl", "nft", "ip"];

/** Every address of the Service range is this namespace's own, so that tests can listen where Services are. */
const setUp = [
  "ip link set lo up",
  "ip addr add 10.1.0.1/32 dev lo",
  "ip route add local 10.0.0.0/24 dev lo",
  'exec "$@"',
].join(" && ");

function test(flags: readonly string[]): void {
  const vitest = join(root, "node_modules/vitest/vitest.mjs");
  const config = ["--config", "test/kubernetes/vitest.config.ts", "--root", root];
  const tests = [process.execPath, vitest, "run", ...config, ...flags];
  // Tests have a cache folder of their own, so they are told where the programs are.
  const env = { ...process.env, SIDESTEP_TOOLS: toolFolder };
  run("unshare", ["--net", "sh", "-c", setUp, "sh", ...tests], { cwd: root, env });
}

const { flags, isOptional } = suiteFlags(process.argv.slice(2));
const wanted = ["kube-apiserver", "helm", "kubeconform"] as const;
const unbuilt = wanted.filter((name) => !existsSync(toolPath(name)));
const needed = unbuilt.length > 0 ? [...systems, "go"] : systems;
const missing = needed.filter((name) => !isThere(name));

if (missing.length > 0) {
  leaveOut("Kubernetes", missing, isOptional);
} else {
  for (const name of unbuilt) build(name);
  test(flags);
}
