/** Protocol upgrades (WebSocket): the caller's head goes on as it is, the switched socket comes back. */
import type { Tunnel, UpgradeCall } from "../core/ports.ts";
import { freshly } from "./attempt.ts";
import type { Pool } from "./pool.ts";
import type { Exchanged } from "./relay.ts";

/** Asks the provider to switch; never rejects. Another answer than 101 is an ordinary reply. */
export function upgrade(pool: Pool, call: UpgradeCall): Promise<Tunnel | Exchanged> {
  return new Promise((resolve) => {
    // Whichever comes first counts: a switched exchange has no reply any more.
    void freshly(pool, { ...call, body: { kind: "none" }, onSwitch: resolve }).then(resolve);
  });
}
