import fc from "fast-check";
import { expect, test } from "vitest";
import { DeadlineQueue } from "../../../proxy/inference/deadline-queue.ts";

test("gives what was pushed and not removed, by deadline and then by arrival", () => {
  fc.assert(
    fc.property(
      fc.array(fc.record({ deadlineMs: fc.integer({ min: 0, max: 5 }), isRemoved: fc.boolean() })),
      (drafts) => {
        const queue = new DeadlineQueue<{ id: number; deadlineMs: number; isRemoved: boolean }>();
        const entries = drafts.map((draft, id) => ({ ...draft, id }));
        for (const entry of entries) queue.push(entry);
        for (const entry of entries) {
          if (entry.isRemoved) expect(queue.remove(entry)).toBe(true);
        }
        const wanted = entries
          .filter(({ isRemoved }) => !isRemoved)
          .toSorted((a, b) => a.deadlineMs - b.deadlineMs || a.id - b.id);
        expect(queue.size).toBe(wanted.length);
        expect(wanted.map(() => queue.pop())).toEqual(wanted);
        expect(queue.pop()).toBeUndefined();
      },
    ),
  );
});

test("says so when an entry to remove is not there", () => {
  const queue = new DeadlineQueue<{ id: number; deadlineMs: number }>();
  queue.push({ id: 1, deadlineMs: 1 });
  expect(queue.remove({ id: 1, deadlineMs: 1 })).toBe(false);
});
