/** The webhook down, slow, mistrusted, or one of two: the cluster's pods are made all the same. */
import { once } from "node:events";
import type { IncomingMessage, ServerResponse } from "node:http";
import { createServer } from "node:https";
import { createServer as createTcpServer } from "node:net";
import { text } from "node:stream/consumers";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { makeAuthority, makeLeaf } from "../../proxy/webhook/authority.ts";
import { hasSidecar, install, podNamed, variableOf, type Installed } from "./support/installed.ts";
import { until } from "./support/process.ts";

interface Configuration {
  readonly webhooks: readonly { readonly clientConfig: object }[];
}

let at: Installed;
const configuration =
  "/apis/admissionregistration.k8s.io/v1/mutatingwebhookconfigurations/sidestep-injector";
const path = "/apis/admissionregistration.k8s.io/v1/mutatingwebhookconfigurations";

beforeAll(async () => {
  at = await install();
  await at.namespace("shop", { "sidestep.dev/inject": "enabled" });
});
afterAll(() => at.close());

function up(): void {
  at.service.use(at.replicas.map(({ port }) => port));
}

describe("a webhook that", () => {
  it("is down holds no pod up, in its own namespace and the system's neither (pain 9)", async () => {
    at.service.down();
    for (const namespace of ["shop", "sidestep", "kube-system"]) {
      const { pod, code } = await at.make(podNamed("a"), namespace);
      expect({ namespace, code, has: pod !== null && hasSidecar(pod) }).toEqual({
        namespace,
        code: 0,
        has: false,
      });
    }
    up();
  });

  it("is down and is to fail closed says so, and leaves all other namespaces alone (pain 9)", async () => {
    await at.upgrade({ "injector.failurePolicy": "Fail" });
    at.service.down();
    const refused = await until(async () => {
      const made = await at.make(podNamed("a"), "shop");
      return made.code === 0 ? null : made;
    });
    expect(refused.err).toContain("namespace.injector.sidestep.dev");
    for (const namespace of ["sidestep", "kube-system", "default"]) {
      expect((await at.make(podNamed("a"), namespace)).code).toBe(0);
    }
    await at.upgrade({ "injector.failurePolicy": "Ignore" });
    up();
  });

  it("hangs holds a pod up for its limits and no longer, and the pod is made without a sidecar (pain 9)", async () => {
    const hanging = createTcpServer((socket) => void socket.on("error", () => undefined));
    hanging.listen(0, "127.0.0.1");
    await once(hanging, "listening");
    const address = hanging.address();
    at.service.down();
    at.service.use([typeof address === "object" ? (address?.port ?? 0) : 0]);
    const begunMs = performance.now();
    const { pod, code } = await at.make(podNamed("a"), "shop");
    expect({ code, has: pod !== null && hasSidecar(pod) }).toEqual({ code: 0, has: false });
    // Once for each of the two calls that reinvocation may make, and what the rest takes.
    expect(performance.now() - begunMs).toBeLessThan(12_000);
    at.service.down();
    up();
    hanging.close();
  });

  it("is mistrusted is trusted again without anybody's help (pain 6)", async () => {
    const reply = await at.cluster.call("GET", configuration);
    const { webhooks }: Configuration = JSON.parse(reply.text);
    const stranger = await makeAuthority("stranger", {
      fromMs: Date.now(),
      untilMs: Date.now() + 3_600_000,
    });
    const caBundle = Buffer.from(stranger.cert).toString("base64");
    const spoilt = webhooks.map((each) => ({
      ...each,
      clientConfig: { ...each.clientConfig, caBundle },
    }));
    await at.cluster.call("PATCH", configuration, { webhooks: spoilt });
    await until(async () => {
      const { pod } = await at.make(podNamed("a"), "shop");
      return pod !== null && hasSidecar(pod) ? true : null;
    });
    const { body: mended } = await at.cluster.call("GET", configuration);
    expect(JSON.stringify(mended)).not.toContain(caBundle);
  });
});

describe("beside another webhook", () => {
  it.each(["a-first", "zz-last"])(
    "what that adds is led to the sidecar too: %s (pain 11)",
    async (name) => {
      const stop = await startOther(name);
      const pod = await until(async () => {
        const made = await at.make(podNamed("a"), "shop");
        return made.pod?.spec.containers.some((each) => each.name === "added") === true
          ? made.pod
          : null;
      });
      expect(hasSidecar(pod)).toBe(true);
      expect(variableOf(pod, "added", "OPENAI_BASE_URL")).toBe("http://127.0.0.1:4000/v1");
      expect(pod.spec.initContainers?.filter((each) => each.name === "sidestep")).toHaveLength(1);
      await stop();
    },
  );

  it("that hangs, a pod still comes within both limits, sidecar and all", async () => {
    const stop = await startOther("zz-hangs", true);
    const { pod } = await at.make(podNamed("a"), "shop");
    expect(pod !== null && hasSidecar(pod)).toBe(true);
    await stop();
  });
});

/** An injector of somebody else's: adds a container, or never answers. */
async function startOther(name: string, hangs = false): Promise<() => Promise<void>> {
  const life = { fromMs: Date.now(), untilMs: Date.now() + 3_600_000 };
  const authority = await makeAuthority("other", life);
  const leaf = await makeLeaf(authority, ["localhost"], life);
  const server = createServer({ cert: leaf.cert, key: leaf.key }, (request, response) => {
    if (!hangs) void answer(request, response);
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  const port = typeof address === "object" ? address?.port : 0;
  const clientConfig = {
    url: `https://localhost:${port}/`,
    caBundle: Buffer.from(authority.cert).toString("base64"),
  };
  const { status } = await at.cluster.call("POST", path, {
    apiVersion: "admissionregistration.k8s.io/v1",
    kind: "MutatingWebhookConfiguration",
    metadata: { name },
    webhooks: [
      {
        name: `${name}.example.com`,
        clientConfig,
        rules: [
          { apiGroups: [""], apiVersions: ["v1"], resources: ["pods"], operations: ["CREATE"] },
        ],
        failurePolicy: "Ignore",
        timeoutSeconds: 1,
        sideEffects: "None",
        reinvocationPolicy: "Never",
        admissionReviewVersions: ["v1"],
      },
    ],
  });
  expect(status).toBe(201);
  return async () => {
    await at.cluster.call("DELETE", `${path}/${name}`);
    server.closeAllConnections();
    server.close();
  };
}

interface Review {
  readonly request: {
    readonly uid: string;
    readonly object: {
      readonly spec: { readonly containers: readonly { readonly name: string }[] };
    };
  };
}

/** Adds a container, once. */
function adding({ request }: Review): object {
  const isThere = request.object.spec.containers.some((each) => each.name === "added");
  const value = { name: "added", image: "b:1" };
  const patch = JSON.stringify([{ op: "add", path: "/spec/containers/-", value }]);
  const patched = { patchType: "JSONPatch", patch: Buffer.from(patch).toString("base64") };
  const response = { uid: request.uid, allowed: true, ...(isThere ? {} : patched) };
  return { apiVersion: "admission.k8s.io/v1", kind: "AdmissionReview", response };
}

async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const reply = adding(JSON.parse(await text(request)));
  response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify(reply));
}
