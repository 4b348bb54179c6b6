/** An HTTP/2 upload that its caller gives up in the middle: no provider ever takes it for a whole one. */
import { constants } from "node:http2";
import { Readable } from "node:stream";
import { afterEach, expect, it } from "vitest";
import { dataFrame, headersFrame, preface, resetFrame } from "../../support/raw-http2.ts";
import { closeHarnesses, RawCaller, startHarness, until } from "./harness.ts";

afterEach(closeHarnesses);

function beginning(path: string): Buffer {
  const lines = [
    [":method", "POST"],
    [":path", path],
    [":scheme", "http"],
    [":authority", "a"],
    ["content-type", "application/json"],
  ] as const;
  return Buffer.concat([preface, headersFrame(1, lines), dataFrame(1, '{"half":')]);
}

const ways = {
  "cancels the stream": (caller: RawCaller) => {
    caller.write(resetFrame(1, constants.NGHTTP2_CANCEL));
  },
  "resets the stream without an error": (caller: RawCaller) => {
    caller.write(resetFrame(1, constants.NGHTTP2_NO_ERROR));
  },
  "closes the connection": (caller: RawCaller) => void caller.socket.end(),
  "resets the connection": (caller: RawCaller) => void caller.socket.resetAndDestroy(),
} as const;

it.each(Object.entries(ways))("a caller who %s, passed on as it comes", async (_name, leave) => {
  const seen: string[] = [];
  const harness = await startHarness(({ body }) => {
    const stream = body.kind === "flowing" ? body.stream : Readable.from([]);
    stream.on("end", () => seen.push("end"));
    stream.on("error", () => seen.push("error"));
    stream.resume();
    return new Promise(() => undefined);
  });
  const caller = await RawCaller.to(harness.port);
  caller.write(beginning("/v1/files"));
  await until(() => harness.received.length === 1);
  leave(caller);
  await until(() => seen.length > 0);
  caller.socket.destroy();
  expect(seen).toEqual(["error"]);
});

it.each(Object.entries(ways))("a caller who %s, read first", async (_name, leave) => {
  const harness = await startHarness(() => harness.relay(Readable.from([])));
  const caller = await RawCaller.to(harness.port);
  caller.write(beginning("/v1/chat/completions"));
  await until(() => harness.server.counts().calls === 1);
  leave(caller);
  await until(() => harness.server.counts().calls === 0);
  caller.socket.destroy();
  expect([harness.received, harness.faults]).toEqual([[], []]);
});
