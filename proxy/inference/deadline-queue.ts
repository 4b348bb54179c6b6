/** A bounded priority queue, nearest deadline first and first come first among equals; holds what waits for the worker. */

/** What can wait. */
export interface Waiting {
  readonly deadlineMs: number;
  /** Order of arrival. */
  readonly id: number;
}

/** A binary heap; every change is logarithmic but removal, which looks for its entry first. */
export class DeadlineQueue<T extends Waiting> {
  readonly #heap: T[] = [];

  get size(): number {
    return this.#heap.length;
  }

  push(entry: T): void {
    this.#heap.push(entry);
    this.#rise(this.#heap.length - 1);
  }

  /** Takes the entry with the nearest deadline. */
  pop(): T | undefined {
    return this.#removeAt(0);
  }

  /** Takes `entry` out wherever it stands; false when it is not waiting. */
  remove(entry: T): boolean {
    const at = this.#heap.indexOf(entry);
    if (at < 0) return false;
    this.#removeAt(at);
    return true;
  }

  #removeAt(at: number): T | undefined {
    const entry = this.#heap[at];
    const last = this.#heap.pop();
    if (entry === undefined || last === undefined || entry === last) return entry;
    this.#heap[at] = last;
    this.#rise(at);
    this.#sink(at);
    return entry;
  }

  #rise(from: number): void {
    let at = from;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (!this.#isBefore(at, parent)) return;
      this.#swap(at, parent);
      at = parent;
    }
  }

  #sink(from: number): void {
    let at = from;
    for (;;) {
      let first = at;
      if (this.#isBefore(2 * at + 1, first)) first = 2 * at + 1;
      if (this.#isBefore(2 * at + 2, first)) first = 2 * at + 2;
      if (first === at) return;
      this.#swap(at, first);
      at = first;
    }
  }

  #isBefore(a: number, b: number): boolean {
    const left = this.#heap[a];
    const right = this.#heap[b];
    if (left === undefined || right === undefined) return false;
    if (left.deadlineMs !== right.deadlineMs) return left.deadlineMs < right.deadlineMs;
    return left.id < right.id;
  }

  #swap(a: number, b: number): void {
    const left = this.#heap[a];
    const right = this.#heap[b];
    if (left === undefined || right === undefined) return;
    this.#heap[a] = right;
    this.#heap[b] = left;
  }
}
