/** What can be set about the simulated cloud, at start and while it runs. */

import type { Answer } from "./answer-book.ts";
import type { Fault } from "./fault.ts";

/** Settings that may change while the cloud runs. */
export interface CloudSettings {
  /** Milliseconds until the first byte of a reply. */
  readonly ttftMs: number;
  /** Speed of generation; 0 means without delay. */
  readonly tokensPerSecond: number;
  /** Share by which each latency varies, 0 to 1; drawn by seed, so runs repeat. */
  readonly jitter: number;
  /** Answer 401 to calls without a key. */
  readonly requireKey: boolean;
  /** Compress replies when the caller accepts gzip. */
  readonly compress: boolean;
}

export interface SimulatedCloudOptions extends Partial<CloudSettings> {
  readonly host?: string;
  /** 0, the default, picks a free one. */
  readonly port?: number;
  /** Decides identifiers, wording and jitter. */
  readonly seed?: number;
  readonly answers?: readonly Answer[];
  readonly faults?: readonly Fault[];
  /** How many requests `/_control/requests` remembers. */
  readonly journalEntries?: number;
  /** Longest request body in bytes; longer ones get 413. */
  readonly maxBodyBytes?: number;
}

const DEFAULT_SETTINGS: CloudSettings = {
  ttftMs: 150,
  tokensPerSecond: 80,
  jitter: 0,
  requireKey: false,
  compress: false,
};

export function settingsFrom(options: Partial<CloudSettings>): CloudSettings {
  return {
    ttftMs: options.ttftMs ?? DEFAULT_SETTINGS.ttftMs,
    tokensPerSecond: options.tokensPerSecond ?? DEFAULT_SETTINGS.tokensPerSecond,
    jitter: options.jitter ?? DEFAULT_SETTINGS.jitter,
    requireKey: options.requireKey ?? DEFAULT_SETTINGS.requireKey,
    compress: options.compress ?? DEFAULT_SETTINGS.compress,
  };
}
