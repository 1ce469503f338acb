/**
 * Makes one string of equal ones.
 *
 * JSON.parse makes each string anew, and most of those in a cache are the same few over and over: times, reasons, messages, owners, labels.
 * Without this they are the larger half of what thousands of finished objects take.
 */
const LARGEST = 10_000;

export class StringPool {
  readonly #strings = new Map<string, string>();

  share(text: string): string {
    const known = this.#strings.get(text);
    if (known !== undefined) return known;
    // Most names, uids and versions come once: the pool must not become what keeps them for ever. What is common is soon known again.
    if (this.#strings.size === LARGEST) this.#strings.clear();
    this.#strings.set(text, text);
    return text;
  }

  get size(): number {
    return this.#strings.size;
  }
}
