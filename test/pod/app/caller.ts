/** The application in the rig's pods: calls a model where its environment says, and tells on standard output what came of it. */

/** How long it goes on asking before a call counts as failed, in milliseconds. */
const patienceMs = 30_000;

const stopping = new AbortController();

function tell(event: string, what: object): void {
  console.log(JSON.stringify({ event, ...what }));
}

function ask(content: string, stream: boolean): Promise<Response> {
  return fetch(`${process.env["OPENAI_BASE_URL"]}/chat/completions`, {
    method: "POST",
    headers: {
      "content-type": "application/json",
      authorization: `Bearer ${process.env["OPENAI_API_KEY"] ?? "none"}`,
    },
    body: JSON.stringify({
      model: "gpt-4o-mini",
      messages: [{ role: "user", content }],
      stream,
    }),
  });
}

/** One call; the provider's text, or what went wrong. */
async function call(content: string): Promise<boolean> {
  try {
    const reply = await ask(content, false);
    await reply.text();
    tell("call", { status: reply.status, decision: reply.headers.get("x-sidestep-decision") });
    return reply.ok;
  } catch (fault) {
    tell("failed", { why: String(fault instanceof Error ? (fault.cause ?? fault) : fault) });
    return false;
  }
}

/** A call as clients make it: again, when the connection fails. */
async function insistent(content: string): Promise<boolean> {
  const end = performance.now() + patienceMs;
  while (!(await call(content))) {
    if (performance.now() > end) return false;
    await new Promise((done) => setTimeout(done, 50));
  }
  return true;
}

/** One stream after the other, until told to stop; the last one is read to its end. */
async function streams(): Promise<void> {
  while (!stopping.signal.aborted) {
    try {
      const reply = await ask("tell me a story", true);
      tell("opened", { status: reply.status });
      const text = await reply.text();
      tell(text.trimEnd().endsWith("data: [DONE]") ? "whole" : "cut", {});
    } catch (fault) {
      tell("cut", { why: String(fault instanceof Error ? (fault.cause ?? fault) : fault) });
    }
  }
}

async function main(task = "", count = "1"): Promise<number> {
  tell("begun", { key: process.env["OPENAI_API_KEY"] ?? null });
  if (task === "once") return (await call("hello")) ? 0 : 1;
  if (task === "deaf") {
    process.on("SIGTERM", () => tell("deaf", {}));
    await new Promise((done) => setTimeout(done, 600_000));
  }
  process.on("SIGTERM", () => stopping.abort());
  if (task === "streams") {
    await Promise.all(Array.from({ length: Number(count) }, streams));
    return 0;
  }
  while (!stopping.signal.aborted) {
    if (!(await insistent("hello"))) return 1;
    await new Promise((done) => setTimeout(done, 50));
  }
  return 0;
}

process.exit(await main(...process.argv.slice(2)));
