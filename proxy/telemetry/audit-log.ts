/** The audit log as the policy wants it: switched on, off and elsewhere by reloads; ground.ts joins it to the recorder. */
import { randomBytes } from "node:crypto";
import type { Writable } from "node:stream";
import type { DecisionRecord } from "../core/decision.ts";
import type { HeaderLines } from "../core/http.ts";
import type { AuditRule } from "../core/policy.ts";
import type { Compared, RecordedCall } from "../core/ports.ts";
import { AuditFile } from "./audit-file.ts";
import type { AuditDestination } from "./audit-destination.ts";
import { auditFields, callerHash } from "./audit-record.ts";
import { auditStream } from "./audit-stream.ts";
import { AuditWriter, type WriterState } from "./audit-writer.ts";
import { maskedContent } from "./content-mask.ts";
import type { Log } from "./log.ts";
import type { RecordSink } from "./recorder.ts";

/** What it needs. */
export interface AuditLogOptions {
  readonly log: Pick<Log, "event">;
  readonly stdout: Writable;
  /** A fingerprint of the credential that the lines carry; null when they carry none. */
  readonly credentialOf: (lines: HeaderLines) => string | null;
}

/** A call that was replied to. */
export interface RepliedCall {
  readonly id: string;
  readonly snapshot: RecordedCall["snapshot"];
}

/** Where the log stands, for the admin listener and the metrics. */
export interface AuditState extends WriterState {
  readonly file: string;
}

/** Most bytes of records that wait for a slow disk. */
const queueBytes = 8 * 1024 ** 2;

/** Never throws and never waits but in `close`. */
export class AuditLog implements RecordSink {
  readonly #options: AuditLogOptions;
  readonly #ownSalt = randomBytes(32).toString("hex");
  readonly #stdoutFree = Promise.withResolvers<void>();
  #rule: AuditRule | null = null;
  #writer: AuditWriter | null = null;
  /** Ends of earlier writers; two never write to one file. */
  #ended: Promise<number> = Promise.resolve(0);

  constructor(options: AuditLogOptions) {
    this.#options = options;
    // A sidecar that never gets ready leaves nobody who waits for it.
    this.#stdoutFree.promise.catch(() => undefined);
  }

  /** Takes up a policy's settings; where they changed, what waits is still written as it was to be. */
  use(rule: AuditRule): void {
    if (JSON.stringify(rule) === JSON.stringify(this.#rule)) return;
    const before = this.#rule;
    this.#rule = rule;
    const old = this.#writer;
    if (old !== null) this.#ended = old.close({ because: "reload" }, new Date().toISOString());
    this.#writer = rule.file === null ? null : this.#writerFor(rule, rule.file);
    if (before?.file === rule.file) void this.#tellLost(this.#writer);
  }

  /** Standard output has carried the ready line: from now on it is free for records. */
  ready(): void {
    this.#stdoutFree.resolve();
  }

  record(record: DecisionRecord, call: RecordedCall): void {
    if (this.#writer === null || this.#rule === null) return;
    const credential = this.#options.credentialOf(call.head.headers);
    const salt = this.#rule.salt ?? this.#ownSalt;
    const caller = credential === null ? null : callerHash(credential, salt);
    this.#writer.add(auditFields(record, call, caller), record.at);
  }

  /** Takes what a call's reply said; null where the policy of the call does not keep that. */
  listener({ id, snapshot }: RepliedCall): ((text: string | null) => void) | null {
    const { file, content } = snapshot.policy.audit;
    if (file === null || content?.reply !== true) return null;
    return this.#listener(id, content.maxChars);
  }

  #listener(id: string, mostChars: number): (text: string | null) => void {
    return (text) => {
      if (text === null) return;
      const at = new Date().toISOString();
      const reply = maskedContent(text, mostChars);
      this.#writer?.add({ event: "reply", at, id, reply }, at);
    };
  }

  /** An answer of the pod was held against the cloud's, or an application judged it. */
  compared({ id, route, outcome, by }: Compared): void {
    const at = new Date().toISOString();
    this.#writer?.add({ event: "compared", at, id, route: route.name, outcome, by }, at);
  }

  /** Null while there is no audit log. */
  get state(): AuditState | null {
    const file = this.#rule?.file ?? null;
    return this.#writer === null || file === null ? null : { file, ...this.#writer.state };
  }

  async close(): Promise<void> {
    this.#stdoutFree.reject(new Error("stopped before the ready line"));
    await this.#ended;
    await this.#writer?.close({ because: "stop" }, new Date().toISOString());
    this.#writer = null;
  }

  /** What the earlier writer of the same log could not write is missing in it. */
  async #tellLost(next: AuditWriter | null): Promise<void> {
    const lost = await this.#ended;
    if (lost > 0) next?.miss(lost, new Date().toISOString());
  }

  #writerFor(rule: AuditRule, file: string): AuditWriter {
    const { log } = this.#options;
    return new AuditWriter({
      destination: after(this.#ended, this.#destination(rule, file)),
      flushMs: rule.flushMs,
      queueBytes,
      opening: { salt: rule.salt === null ? "process" : "policy" },
      told: (level, event, fields) => log.event(level, event, { file, ...fields }),
    });
  }

  #destination({ maxBytes, keep }: AuditRule, file: string): AuditDestination {
    const { stdout, log } = this.#options;
    if (file === "stdout") return auditStream(stdout, this.#stdoutFree.promise);
    return new AuditFile({
      path: file,
      maxBytes,
      keep,
      happened: (event, fields) =>
        log.event(event === "audit_rotated" ? "info" : "warn", event, { ...fields }),
    });
  }
}

/** The destination, opened once an earlier writer has ended. */
function after(ended: Promise<unknown>, destination: AuditDestination): AuditDestination {
  return {
    open: async () => {
      await ended;
      return await destination.open();
    },
    append: (lines) => destination.append(lines),
  };
}
