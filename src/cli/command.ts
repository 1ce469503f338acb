/** What every command of kubectl-prune has in common: how it is described and called, where it reads and writes, how it says no. */

export interface Screen {
  readonly columns: number;
  readonly rows: number;
  readonly colour: boolean;
}

export interface Terminal {
  out(text: string): void;
  err(text: string): void;
  /** The whole of a file, or of standard input for `-`. */
  read(path: string): string;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** How large standard output is now; undefined where it is no terminal. */
  screen(): Screen | undefined;
  /** The answer of whoever sits there; undefined where nobody does. */
  ask(question: string): Promise<string | undefined>;
  /** Shows a file in the browser; false where there is none. */
  open(path: string): Promise<boolean>;
  /** Aborted by Ctrl-C. */
  readonly stop: AbortSignal;
}

export interface Flag {
  readonly type: 'string' | 'boolean';
  readonly short?: string;
  readonly default?: string;
  /** May be given more than once. */
  readonly multiple?: boolean;
  /** How its value is called in the help. */
  readonly value?: string;
  readonly text: string;
  /** All that it may be. */
  readonly words?: readonly string[];
  /** Its value is the path of a file. */
  readonly file?: boolean;
}

export type FlagTable = Readonly<Record<string, Flag>>;

/** The help, the completion and docs/reference/cli.md are made of this. */
export interface Command {
  readonly name: string;
  /** One line for the list of commands. */
  readonly summary: string;
  /** What follows the command's name; one line for each way to call it. */
  readonly usage: readonly string[];
  readonly about: string;
  /** The command takes the name of a PruneJob that exists. */
  readonly takesPruneJob?: boolean;
  /** What it takes instead, for completion. */
  readonly words?: readonly string[];
  readonly flags: FlagTable;
  /** Lines that can be typed. */
  readonly examples: readonly string[];
  /** What its exit codes mean, where that is more than `exitCodes` says. */
  readonly exits?: string;
  /** The exit code. */
  run(args: readonly string[], terminal: Terminal): number | Promise<number>;
}

export const exitCodes = { done: 0, failed: 1, usage: 2, interrupted: 130 } as const;

/** The answer is no: a sentence with what to write instead. */
export class Refused extends Error {
  override readonly name = 'Refused';
}

/** It was understood and did not work: a sentence with the remedy. */
export class Failed extends Error {
  override readonly name = 'Failed';
}
