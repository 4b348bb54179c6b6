/** Who waits for something that happens at most once, in a linked list; listen keeps the calls that wait for their reply in it. */

/**
 * Not a set: one that fills and empties with every call outgrows its table hundreds of times a second,
 * and each old table names the next. Once one of them is old to the collector, all that follow and every
 * call that they name survive until the next whole collection (docs/performance.md).
 */
export class Waiting {
  /** Before the first and behind the last, so that no end is special. */
  readonly #ends: Waiter = new Waiter(() => undefined);

  /** Adds one; returns how to leave, which may be called as often as one likes. */
  enter(hear: () => void): () => void {
    const waiter = new Waiter(hear);
    waiter.enter(this.#ends);
    return () => waiter.leave();
  }

  /** Tells everybody, each once. */
  tell(): void {
    for (let first = this.#ends.next; first !== this.#ends; first = this.#ends.next) {
      first.leave();
      first.hear();
    }
  }
}

class Waiter {
  readonly hear: () => void;
  next: Waiter = this;
  #before: Waiter = this;

  constructor(hear: () => void) {
    this.hear = hear;
  }

  enter(ends: Waiter): void {
    this.next = ends;
    this.#before = ends.#before;
    this.#before.next = this;
    ends.#before = this;
  }

  leave(): void {
    this.next.#before = this.#before;
    this.#before.next = this.next;
    this.next = this;
    this.#before = this;
  }
}
