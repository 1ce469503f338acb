/** Flags as each command lists them: for the parser, for the help and for completion. Each value is refused by its name when it is not what it must be. */
import { parseArgs } from 'node:util';

import { Refused, type FlagTable } from './command.ts';

type Parsed<F extends FlagTable> = ReturnType<typeof parseArgs<{ args: string[]; options: F; strict: true; allowPositionals: true }>>;
export type Values<F extends FlagTable> = Parsed<F>['values'];

interface Called<F extends FlagTable> {
  readonly name: string;
  readonly flags: F;
}

export function parseFlags<F extends FlagTable>(command: Called<F>, args: readonly string[]): Values<F> {
  const { values, positionals } = parse(command, args);
  if (positionals.length > 0) throw new Refused(`${positionals.join(' ')} is no flag. ${seeHelp(command)}`);
  return values;
}

/** For a command that takes one name; undefined where none was given. */
export function parseWithName<F extends FlagTable>(command: Called<F>, args: readonly string[]): { readonly name: string | undefined; readonly flags: Values<F> } {
  const { values, positionals } = parse(command, args);
  const [name, ...more] = positionals;
  if (more.length > 0) throw new Refused(`${positionals.join(' ')} are ${positionals.length} names; give one. ${seeHelp(command)}`);
  // People copy what kubectl prints: prunejob.stun-operator.io/NAME.
  return { name: objectName('a PruneJob', name?.replace(/^(pj|prunejobs?)([.][^/]*)?\//, '')), flags: values };
}

/** An unset variable of the shell is a name without letters: it would ask for the list, and take the answer for one. */
export function objectName<N extends string | undefined>(what: string, name: N): N {
  if (name === undefined || /^[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?$/.test(name)) return name;
  throw new Refused(`"${name}" is no name of ${what}: write small letters, digits, - and . only, with a letter or digit at both ends.`);
}

/** For a command that cannot do without the name. */
export function parseNamed<F extends FlagTable>(command: Called<F>, args: readonly string[]): { readonly name: string; readonly flags: Values<F> } {
  const { name, flags } = parseWithName(command, args);
  if (name === undefined) throw new Refused(`The name of a PruneJob is missing. ${seeHelp(command)}`);
  return { name, flags };
}

function parse<F extends FlagTable>(command: Called<F>, args: readonly string[]): Parsed<F> {
  try {
    return parseArgs({ args: [...args], options: command.flags, strict: true, allowPositionals: true });
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    const [sentence] = error.message.split(/\. |\n/);
    throw new Refused(`${sentence ?? ''}. ${seeHelp(command)}`);
  }
}

export function seeHelp({ name }: { readonly name: string }): string {
  return `See: kubectl-prune ${name} --help`;
}

export interface NumberKind {
  /** As the end of "is not …". */
  readonly what: string;
  readonly accepts: (value: number) => boolean;
}

export const wholeNumber: NumberKind = { what: 'a whole number, 1 or more', accepts: (value) => Number.isSafeInteger(value) && value >= 1 };
export const ratio: NumberKind = { what: 'a share above 0 and below 1, such as 0.25', accepts: (value) => value > 0 && value < 1 };

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

/** `-o=json` is what many write; the parser takes the sign for a part of the value. */
export function formatFlag<W extends string>(text: string, words: readonly W[]): W {
  return wordFlag('output', text.replace(/^=/, ''), words);
}
