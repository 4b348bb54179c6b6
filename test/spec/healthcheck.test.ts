/** `sidestep healthcheck`: what an image without curl asks by, and where it asks. */
import { once } from "node:events";
import { createServer } from "node:http";
import { describe, expect, it } from "vitest";
import { sidestep } from "../support/command.ts";
import { startSidecar } from "../support/sidecar.ts";

const policy = "version: 1\nmodel: null\n";

describe("sidestep healthcheck", () => {
  it("exits 0 while the sidecar is ready and 1 once it is gone, by --url", async () => {
    const sidecar = await startSidecar({ policy });
    const asked = ["healthcheck", "--url", `${sidecar.admin}/readyz`];
    expect(await sidestep(asked)).toEqual({ code: 0, out: "", err: "" });
    await sidecar.stop();
    const { code, err } = await sidestep(asked);
    expect(code).toBe(1);
    expect(err).toContain("ECONNREFUSED");
  });

  it("asks where `run` listens in the same environment", async () => {
    const sidecar = await startSidecar({ policy });
    const { port, host } = new URL(sidecar.admin);
    for (const named of [host, port]) {
      const { code, err } = await sidestep(["healthcheck"], "", { SIDESTEP_ADMIN: named });
      expect(`${code} ${err}`).toBe("0 ");
    }
    await sidecar.stop();
    const gone = await sidestep(["healthcheck"], "", { SIDESTEP_ADMIN: host });
    expect(gone.code).toBe(1);
    expect(gone.err).toContain(host);
  });

  it.each([
    ["that is not ready", "answered 503"],
    ["that never answers", "aborted"],
  ])("exits 1 for a listener %s", async (_, words) => {
    const server = createServer((_request, reply) => {
      if (words !== "aborted") reply.writeHead(503).end();
    }).listen(0, "127.0.0.1");
    await once(server, "listening");
    const address = server.address();
    const port = typeof address === "object" ? address?.port : 0;
    const { code, err } = await sidestep(["healthcheck", "--url", `http://127.0.0.1:${port}/`]);
    expect(code).toBe(1);
    expect(err).toContain(words);
    server.closeAllConnections();
    server.close();
  });

  it("names an address that is none", async () => {
    const { code, err } = await sidestep(["healthcheck"], "", { SIDESTEP_ADMIN: "nowhere" });
    expect(code).toBe(1);
    expect(err).toContain('"nowhere" is no address');
  });
});
