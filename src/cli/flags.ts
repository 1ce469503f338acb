/** Flags as numbers and words, each refused by its name when it is not one. */
import { parseArgs, type ParseArgsConfig } from 'node:util';

import { Refused } from './command.ts';

type Options = NonNullable<ParseArgsConfig['options']>;
type Values<O extends Options> = ReturnType<typeof parseArgs<{ args: string[]; options: O; strict: true }>>['values'];

export function parseFlags<O extends Options>(command: string, args: readonly string[], options: O): Values<O> {
  try {
    return parseArgs({ args: [...args], options, strict: true }).values;
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    const [sentence] = error.message.split(/\. |\n/);
    throw new Refused(`${sentence ?? ''}. See: kubectl-prune ${command} --help`);
  }
}

export interface NumberKind {
  /** As the end of "is not …". */
  readonly what: string;
  readonly accepts: (value: number) => boolean;
}

export const wholeNumber: NumberKind = { what: 'a whole number, 1 or more', accepts: (value) => Number.isSafeInteger(value) && value >= 1 };

export function numberFlag(flag: string, text: string, { what, accepts }: NumberKind): number {
  const value = text.trim() === '' ? NaN : Number(text);
  if (!accepts(value)) throw new Refused(`--${flag} ${text} is not ${what}.`);
  return value;
}

export function wordFlag<W extends string>(flag: string, text: string, words: readonly W[]): W {
  const found = words.find((word) => word === text);
  if (found === undefined) throw new Refused(`--${flag} ${text} is not one of ${words.join(', ')}.`);
  return found;
}
