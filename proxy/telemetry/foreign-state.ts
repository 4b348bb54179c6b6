/** The caller's `tracestate` as OpenTelemetry carries it; the stock class drops legal members and keeps parts of illegal lists. */
import type { TraceState } from "@opentelemetry/api";
import { withMember, writeTracestate, type TraceMember } from "./trace-context.ts";

/** Members in the caller's order. Immutable: changes give a new list. */
export class ForeignState implements TraceState {
  readonly members: readonly TraceMember[];

  constructor(members: readonly TraceMember[]) {
    this.members = members;
  }

  get(key: string): string | undefined {
    return this.members.find((member) => member.key === key)?.value;
  }

  set(key: string, value: string): TraceState {
    return new ForeignState(withMember(this.members, { key, value }));
  }

  unset(key: string): TraceState {
    return new ForeignState(this.members.filter((member) => member.key !== key));
  }

  serialize(): string {
    return writeTracestate(this.members);
  }
}
