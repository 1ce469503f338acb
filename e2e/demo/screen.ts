/** What the demo shows: plain lines when nobody watches, a live last line on a terminal. */

const terminal = process.stdout.isTTY;
const started = Date.now();
let live = false;

function elapsed(): string {
  const seconds = Math.floor((Date.now() - started) / 1000);
  return `${String(Math.floor(seconds / 60)).padStart(2)}:${String(seconds % 60).padStart(2, '0')}`;
}

function endLive(): void {
  if (live) process.stdout.write('\n');
  live = false;
}

export function say(line: string): void {
  endLive();
  process.stdout.write(`${elapsed()}  ${line}\n`);
}

/** A line that replaces itself on a terminal; elsewhere it is a line of its own, so that a log tells the same story. */
export function progress(line: string): void {
  if (!terminal) {
    say(line);
    return;
  }
  process.stdout.write(`\r\u001b[K${elapsed()}  ${line}`);
  live = true;
}

export function title(text: string): void {
  endLive();
  process.stdout.write(`\n${text}\n${'-'.repeat(text.length)}\n`);
}

export function paragraph(text: string): void {
  endLive();
  process.stdout.write(`${text}\n`);
}

export function table(rows: readonly (readonly [string, string])[]): void {
  const width = Math.max(...rows.map(([name]) => name.length));
  for (const [name, value] of rows) process.stdout.write(`  ${name.padEnd(width)}  ${value}\n`);
}

/** A bar of 24 cells, as `[########----------------]  33 %`. */
export function bar(percent: number): string {
  const cells = Math.round((percent / 100) * 24);
  return `[${'#'.repeat(cells)}${'-'.repeat(24 - cells)}] ${String(Math.round(percent)).padStart(3)} %`;
}

export function mebibytes(bytes: number): string {
  return `${(bytes / 1024 / 1024).toFixed(2)} MiB`;
}
