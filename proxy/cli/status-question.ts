/** Asks a listener for its status; only the commands that ask load the client, and load it by this file. */
import { request } from "undici";

/** By undici's own connections, which ask no proxy of the environment, and of which none stays open. */
export async function statusOf(url: string, signal: AbortSignal): Promise<number> {
  const reply = await request(url, { signal, reset: true });
  await reply.body.dump();
  return reply.statusCode;
}
