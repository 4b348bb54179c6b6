/** turns: how many times the user has spoken. */
import type { Signal } from "./signal.ts";

/** Number of user turns. */
export const turns: Signal<number> = {
  name: "turns",
  read: ({ view }) => view.turns.filter((turn) => turn.role === "user").length,
};
