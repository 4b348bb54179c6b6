/** A simulated cloud and a running sidecar in front of it, with calls of an application, for the tests of the page. */
import { createSimulatedCloud, type SimulatedCloud } from "../../examples/simulated-cloud/cloud.ts";
import { startSidecar, type Sidecar } from "../support/sidecar.ts";

/** What a page is looked at over. */
export interface Stage {
  readonly cloud: SimulatedCloud;
  readonly sidecar: Sidecar;
  /** Sends one call and reads the reply; gives the request id. */
  readonly say: (text: string, more?: Said) => Promise<string>;
  readonly close: () => Promise<void>;
}

/** More of a call. */
export interface Said {
  readonly system?: string;
  readonly stream?: boolean;
}

/** Starts both; `policyFor` gets the cloud's address. */
export async function createStage(policyFor: (cloud: string) => string): Promise<Stage> {
  const cloud = await createSimulatedCloud({ ttftMs: 1, tokensPerSecond: 5_000 });
  const sidecar = await startSidecar({ policy: policyFor(cloud.url) });
  return {
    cloud,
    sidecar,
    say: async (text, { system, stream = false } = {}) => {
      const prompt = system === undefined ? [] : [{ role: "system", content: system }];
      const reply = await fetch(`${sidecar.url}/v1/chat/completions`, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify({
          model: "gpt-4o-mini",
          stream,
          messages: [...prompt, { role: "user", content: text }],
        }),
      });
      await reply.text();
      return reply.headers.get("x-sidestep-request-id") ?? "";
    },
    close: async () => {
      await sidecar.stop();
      await cloud.close();
    },
  };
}
