/** What may follow on a command line: commands, flags, the words of a flag, or what only the cluster or the disk knows. */
import type { Command, Flag, FlagTable } from './command.ts';

export interface Candidate {
  readonly text: string;
  readonly about: string;
}

export type Candidates = readonly Candidate[] | 'PruneJobs' | 'Files';

/** The last word is the one that is being written; it may be empty. */
export function candidates(commands: readonly Command[], words: readonly string[]): Candidates {
  const [name = '', ...rest] = words;
  if (rest.length === 0) return starting(name, commands.map((command) => ({ text: command.name, about: command.summary })));
  const command = commands.find((candidate) => candidate.name === name);
  return command === undefined ? [] : within(command, rest);
}

function within(command: Command, words: readonly string[]): Candidates {
  const current = words.at(-1) ?? '';
  const open = flagOf(command.flags, words.at(-2) ?? '');
  if (open?.type === 'string') return valuesOf(open, current, '');
  if (current.startsWith('-')) return flagsOf(command.flags, current);
  if (command.takesPruneJob === true) return hasName(command.flags, words) ? [] : 'PruneJobs';
  return starting(current, (command.words ?? []).map((text) => ({ text, about: '' })));
}

function flagsOf(flags: FlagTable, current: string): Candidates {
  const [, spelled, value = ''] = /^(--[^=]+)=(.*)$/.exec(current) ?? [];
  if (spelled !== undefined) return valuesOf(flagOf(flags, spelled), value, `${spelled}=`);
  return starting(current, Object.entries(flags).map(([name, { text }]) => ({ text: `--${name}`, about: text })));
}

function flagOf(flags: FlagTable, spelled: string): Flag | undefined {
  if (spelled.startsWith('--')) return flags[spelled.slice(2)];
  return Object.values(flags).find(({ short }) => short !== undefined && spelled === `-${short}`);
}

function valuesOf(flag: Flag | undefined, current: string, before: string): Candidates {
  if (flag?.file === true) return 'Files';
  return starting(before + current, (flag?.words ?? []).map((text) => ({ text: before + text, about: '' })));
}

/** One word before the current one that is neither a flag nor its value. */
function hasName(flags: FlagTable, words: readonly string[]): boolean {
  return words.slice(0, -1).some((word, index, all) => !word.startsWith('-') && flagOf(flags, all[index - 1] ?? '')?.type !== 'string');
}

export function starting(current: string, all: readonly Candidate[]): Candidate[] {
  return all.filter(({ text }) => text.startsWith(current));
}
