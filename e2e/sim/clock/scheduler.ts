/**
 * Virtual time: a list of what happens when, worked off in order. Nothing waits for the real clock, so an hour costs milliseconds.
 *
 * The code under simulation runs on real promises. After each event that may have woken it, the event loop is turned once: that runs
 * every callback that is ready and those that they make ready, because nothing simulated ever waits for a timer, a socket or a file.
 */
interface Happening {
  readonly at: number;
  readonly order: number;
  readonly run: () => void;
  readonly wakes: boolean;
  cancelled: boolean;
}

/** When the simulated world begins. */
const BEGINNING = Date.parse('2026-01-01T00:00:00Z');

export class Scheduler {
  readonly #heap: Happening[] = [];
  #order = 0;
  #elapsedMs = 0;
  #steps = 0;

  get elapsedMs(): number {
    return this.#elapsedMs;
  }

  get steps(): number {
    return this.#steps;
  }

  /** As a clock that is right shows it. */
  now(): Date {
    return new Date(BEGINNING + this.#elapsedMs);
  }

  /** Something that no process of the operator hears of at once. */
  after(ms: number, run: () => void): () => void {
    return this.#add(ms, run, false);
  }

  /** Something that a process hears of, and may react to. */
  wakeAfter(ms: number, run: () => void): () => void {
    return this.#add(ms, run, true);
  }

  /** False when nothing is left to happen. */
  async step(): Promise<boolean> {
    const next = this.#take();
    if (next === undefined) return false;
    this.#elapsedMs = Math.max(this.#elapsedMs, next.at);
    this.#steps += 1;
    next.run();
    if (next.wakes) await settled();
    return true;
  }

  #add(ms: number, run: () => void, wakes: boolean): () => void {
    const happening: Happening = { at: this.#elapsedMs + Math.max(0, Math.round(ms)), order: this.#order++, run, wakes, cancelled: false };
    this.#heap.push(happening);
    this.#rise(this.#heap.length - 1);
    return () => { happening.cancelled = true; };
  }

  #take(): Happening | undefined {
    for (let first = this.#pop(); first !== undefined; first = this.#pop()) if (!first.cancelled) return first;
    return undefined;
  }

  #pop(): Happening | undefined {
    const first = this.#heap[0];
    const last = this.#heap.pop();
    if (first === undefined || last === undefined || first === last) return first;
    this.#heap[0] = last;
    this.#sink(0);
    return first;
  }

  #rise(from: number): void {
    for (let index = from; index > 0; ) {
      const parent = (index - 1) >> 1;
      if (!this.#isBefore(index, parent)) return;
      this.#swap(index, parent);
      index = parent;
    }
  }

  #sink(from: number): void {
    for (let index = from; ; ) {
      const [left, right] = [2 * index + 1, 2 * index + 2];
      const child = this.#isBefore(right, left) ? right : left;
      if (!this.#isBefore(child, index)) return;
      this.#swap(index, child);
      index = child;
    }
  }

  /** A place outside the heap comes last. */
  #isBefore(a: number, b: number): boolean {
    const [first, second] = [this.#heap[a], this.#heap[b]];
    if (first === undefined || second === undefined) return first !== undefined;
    return first.at === second.at ? first.order < second.order : first.at < second.at;
  }

  #swap(a: number, b: number): void {
    const [first, second] = [this.#heap[a], this.#heap[b]];
    if (first === undefined || second === undefined) return;
    this.#heap[a] = second;
    this.#heap[b] = first;
  }
}

export function settled(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
