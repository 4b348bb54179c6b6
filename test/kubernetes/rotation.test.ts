/** Three replicas whose certificates change every few seconds, and upgrades under load: no admission ever fails. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { hasSidecar, install, podNamed, type Installed } from "./support/installed.ts";
import { until } from "./support/process.ts";

let at: Installed;
const configuration =
  "/apis/admissionregistration.k8s.io/v1/mutatingwebhookconfigurations/sidestep-injector";
const pods = "/api/v1/namespaces/shop/pods?dryRun=All";

beforeAll(async () => {
  const quick = ["--leaf-life=6s", "--authority-life=30s", "--linger=3s"];
  at = await install({ "injector.failurePolicy": "Fail" }, 3, quick);
  await at.namespace("shop", { "sidestep.dev/inject": "enabled" });
});
afterAll(() => at.close());

/** Makes a pod by a dry run, where a failing webhook fails the call; what went wrong, if anything did. */
async function failure(): Promise<string | null> {
  const { status, text } = await at.cluster.call("POST", pods, podNamed("a"));
  return status === 201 && hasSidecar(JSON.parse(text)) ? null : text;
}

/** Whom the API server is to trust. */
async function bundle(): Promise<string> {
  const { body } = await at.cluster.call("GET", configuration);
  return /"caBundle":"([^"]*)"/.exec(JSON.stringify(body))?.[1] ?? "";
}

/** When the certificates end that the replicas serve with. */
async function served(): Promise<ReadonlySet<string>> {
  const ends = await Promise.all(
    at.replicas.map(async ({ health }) => {
      const text = await (await fetch(`${health}/metrics`)).text();
      return /^sidestep_injector_certificate_end_seconds (\S+)/m.exec(text)?.[1] ?? "";
    }),
  );
  return new Set(ends);
}

describe("three replicas", () => {
  it("pass 1,000 admissions while certificates and authorities change, without one failure (pain 7)", async () => {
    const failures: string[] = [];
    const certificates = new Set<string>();
    const trusted = new Set<string>();
    for (let round = 0; round < 1000 || trusted.size < 3; round += 1) {
      // Every connection is a new handshake with the certificate of that moment.
      if (round % 4 === 0) await at.service.renew();
      const failed = await failure();
      if (failed !== null) failures.push(failed);
      if (round % 20 !== 0) continue;
      for (const end of await served()) certificates.add(end);
      trusted.add(await bundle());
    }
    expect(certificates.size).toBeGreaterThan(5);
    expect(failures).toEqual([]);
    expect(await failure()).toBeNull();
  });

  it("have one leader, and another one when that is gone", async () => {
    const holder = async (): Promise<string> =>
      (
        await at.cluster.kubectl([
          "get",
          "lease",
          "-n",
          "sidestep",
          "sidestep-injector",
          "-o",
          "jsonpath={.spec.holderIdentity}",
        ])
      ).out;
    const first = await holder();
    const pid = Number(first.split("-").at(-1));
    const leader = at.replicas.find(({ child }) => child.pid === pid);
    expect(leader).toBeDefined();
    at.service.use(at.replicas.filter((each) => each !== leader).map(({ port }) => port));
    await leader?.stop();
    const next = await until(async () =>
      (await holder()) === first || (await holder()) === "" ? null : holder(),
    );
    expect(next).not.toBe(first);
    expect(await failure()).toBeNull();
  });
});

describe("helm upgrade", () => {
  it("twice under a loop of creations fails none of them (pain 6)", async () => {
    const failures: string[] = [];
    const over = new AbortController();
    let count = 0;
    const loop = (async () => {
      while (!over.signal.aborted) {
        const failed = await failure();
        count += 1;
        if (failed !== null) failures.push(failed);
      }
    })();
    for (const memoryRequest of ["200Mi", "300Mi"]) {
      await at.upgrade({ "sidecar.resources.memoryRequest": memoryRequest });
      const old = at.replicas.splice(0);
      // As a Deployment rolls: new ones first, old ones out of the Service, and then told to stop.
      for (let each = 0; each < 2; each += 1) await at.addReplica(["--linger=3s"]);
      await Promise.all(old.map((replica) => replica.stop()));
    }
    over.abort();
    await loop;
    expect(failures).toEqual([]);
    expect(count).toBeGreaterThan(20);
    const { pod } = await at.make(podNamed("a"), "shop");
    expect(pod?.spec.initContainers?.[0]).toMatchObject({
      resources: { requests: { memory: "300Mi" } },
    });
  });

  it("uninstall leaves no webhook behind, and pods are made as before", async () => {
    await at.cluster.helm(["uninstall", "sidestep", "--namespace", "sidestep"]);
    const left = await at.cluster.kubectl([
      "get",
      "mutatingwebhookconfigurations,validatingwebhookconfigurations",
      "-o",
      "name",
    ]);
    expect(left.out).toBe("");
    const { pod, code } = await at.make(podNamed("a"), "shop");
    expect(code).toBe(0);
    expect(pod !== null && hasSidecar(pod)).toBe(false);
  });
});
