/** Reaches into a running program by Node's own inspector, for faults that nothing outside can bring about: a thread that dies, a loop that stalls. */
import { once } from "node:events";
import * as v from "valibot";
import { eventually, type Sidecar } from "./sidecar.ts";

/** What a sidecar is started with, so that it can be reached into. */
export const inspectable: Readonly<Record<string, string>> = {
  NODE_OPTIONS: "--inspect=127.0.0.1:0",
};

const message = v.object({
  id: v.optional(v.number()),
  method: v.optional(v.string()),
  params: v.optional(v.looseObject({ sessionId: v.optional(v.string()) })),
  result: v.optional(
    v.looseObject({ result: v.optional(v.looseObject({ value: v.optional(v.unknown()) })) }),
  ),
});

type Message = v.InferOutput<typeof message>;

/** Runs `script` on the program's main thread; resolves with what its last expression gives, as JSON knows it. */
export async function runInside(sidecar: Sidecar, script: string): Promise<unknown> {
  const session = await attached(sidecar);
  session.send("Runtime.evaluate", { expression: script, returnByValue: true });
  const { result } = await session.heard(({ id }) => id === 1);
  session.close();
  return result?.result?.value;
}

/** Ends every worker thread of the program as a crash of its own would. */
export async function killWorkers(sidecar: Sidecar): Promise<void> {
  const session = await attached(sidecar);
  session.send("NodeWorker.enable", { waitForDebuggerOnStart: false });
  const { params } = await session.heard(({ method }) => method === "NodeWorker.attachedToWorker");
  // Between two turns of its loop, as an error in its own code would end it: not within a native run.
  const expression = "setImmediate(() => process.exit(3))";
  const told = JSON.stringify({ id: 1, method: "Runtime.evaluate", params: { expression } });
  session.send("NodeWorker.sendMessageToWorker", { sessionId: params?.sessionId, message: told });
  await session.heard(({ method }) => method === "NodeWorker.detachedFromWorker");
  session.close();
}

interface Session {
  send(method: string, params: object): void;
  /** The first message that is as wanted, from the beginning of the session on. */
  heard(isWanted: (message: Message) => boolean): Promise<Message>;
  close(): void;
}

async function attached(sidecar: Sidecar): Promise<Session> {
  const url = await eventually(() => /listening on (ws:\S+)/u.exec(sidecar.log())?.[1] ?? null);
  const socket = new WebSocket(url);
  const messages: Message[] = [];
  socket.addEventListener("message", ({ data }) => {
    messages.push(v.parse(message, JSON.parse(String(data))));
  });
  await once(socket, "open");
  let sent = 0;
  return {
    send: (method, params) => {
      sent += 1;
      socket.send(JSON.stringify({ id: sent, method, params }));
    },
    heard: (isWanted) => eventually(() => messages.find(isWanted) ?? null),
    close: () => socket.close(),
  };
}
