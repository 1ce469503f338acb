/** What every command of kubectl-prune has in common: how it is called, where it reads and writes, how it says no. */

export interface Terminal {
  out(text: string): void;
  err(text: string): void;
  /** The whole of a file, or of standard input for `-`. */
  read(path: string): string;
}

export interface Command {
  /** One line for the list of commands. */
  readonly summary: string;
  readonly help: string;
  /** The exit code; a `Refused` that it throws is printed and ends with 2. */
  run(args: readonly string[], terminal: Terminal): number | Promise<number>;
}

/** The answer is no: a sentence with what to write instead. */
export class Refused extends Error {
  override readonly name = 'Refused';
}
