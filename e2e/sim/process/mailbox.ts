/** A queue that is read by `for await`. */
export class Mailbox<T> {
  #waiting: T[] = [];
  #closed = false;
  #error: Error | undefined;
  #wake: (() => void) | undefined;

  put(item: T): void {
    if (this.#closed) return;
    this.#waiting.push(item);
    this.#wake?.();
  }

  /** What was put before is still read. */
  close(error?: Error): void {
    this.#closed = true;
    this.#error ??= error;
    this.#wake?.();
  }

  async *all(): AsyncGenerator<T> {
    for (;;) {
      const item = this.#waiting.shift();
      if (item !== undefined) yield item;
      else if (this.#error !== undefined) throw this.#error;
      else if (this.#closed) return;
      else await new Promise<void>((wake) => { this.#wake = wake; });
    }
  }
}
