/** Whether a stream's last event has passed, however its bytes are cut into chunks. */
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { LastEvent } from "../../../proxy/server/last-event.ts";

const done = "data: [DONE]\n\n";
const stopped = 'event: message_stop\ndata: {"type":"message_stop"}\n\n';
const completed = (bytes: number): string =>
  `event: response.completed\ndata: {"text":"${"x".repeat(bytes)}"}\n\n`;

const delta = fc.nat(700).map((bytes) => `data: {"text":"${"y".repeat(bytes)}"}\n\n`);
const opening = 'event: response.created\ndata: {"type":"response.created"}\n\n';

/** The bytes of `body` in chunks that end at the given places. */
function seenIn(body: string, cuts: readonly number[]): boolean {
  const bytes = Buffer.from(body);
  const places = [...cuts.map((cut) => cut % (bytes.length + 1)), bytes.length];
  const last = new LastEvent();
  let from = 0;
  for (const to of places.toSorted((one, other) => one - other)) {
    last.push(bytes.subarray(from, to));
    from = to;
  }
  return last.isPast();
}

describe("the last event", () => {
  const cuts = fc.array(fc.nat(5000), { maxLength: 40 });

  it.each([
    ["Chat Completions", done],
    ["Messages", stopped],
    ["Responses", completed(20)],
    ["Responses, with a reply longer than what is kept", completed(2000)],
  ])("of %s is seen in chunks of any size, and only once it is whole", (_protocol, end) => {
    fc.assert(
      fc.property(fc.array(delta, { maxLength: 6 }), cuts, fc.nat(), (deltas, places, short) => {
        const body = opening + deltas.join("") + end;
        expect(seenIn(body, places)).toBe(true);
        const missing = 1 + (short % (end.length - 1));
        expect(seenIn(body.slice(0, -missing), places)).toBe(false);
      }),
    );
  });

  it("is not seen in what another event says", () => {
    const said = JSON.stringify({ text: done + stopped + completed(3) });
    fc.assert(
      fc.property(cuts, (places) => {
        expect(seenIn(`data: ${said}\n\n`, places)).toBe(false);
      }),
    );
  });
});
