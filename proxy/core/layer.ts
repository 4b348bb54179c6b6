/** Steps and layers: the stack grows outwards from the upstream call, what is added last is met first. */
import type { Reply } from "./reply.ts";

/** Turns one stage of knowledge about a call into a reply. */
export type Step<In> = (input: In) => Promise<Reply>;

/** Wraps an inner step, possibly widening what is known. */
export type Layer<Outer, Inner = Outer> = (inner: Step<Inner>) => Step<Outer>;

/** Composes layers once, when a policy is loaded; a layer in the wrong place does not compile. */
export class Stack<In> {
  readonly step: Step<In>;

  constructor(core: Step<In>) {
    this.step = core;
  }

  /** A stack with `layer` around this one. */
  under<Outer>(layer: Layer<Outer, In>): Stack<Outer> {
    return new Stack(layer(this.step));
  }
}
