/** What happened, line by line, and a digest of it by which two runs of one seed are compared. */
export class Trace {
  readonly lines: string[] = [];
  #digest = 0x811c9dc5;

  add(atMs: number, line: string): void {
    const text = `${(atMs / 1000).toFixed(3).padStart(9)}  ${line}`;
    for (let index = 0; index < text.length; index += 1) this.#digest = Math.imul(this.#digest ^ text.charCodeAt(index), 0x01000193);
    this.lines.push(text);
  }

  get digest(): string {
    return (this.#digest >>> 0).toString(16).padStart(8, '0');
  }
}
