/**
 * The command line by which a pod starts vLLM: `command` and `args`, which only together are what runs.
 *
 * Read where it can be read with certainty, and told to be unreadable everywhere else: a shell, a file of arguments or an environment
 * variable may hold anything, and a model that is replaced in the wrong place is a pod that does not start.
 */
import { compact } from '../compact.ts';

export interface CommandLine {
  readonly command?: readonly string[];
  readonly args?: readonly string[];
}

interface Word {
  readonly index: number;
  /** What stays before the value, as in `--model=`. */
  readonly flag: string;
  readonly value: string;
}

const serverModule = 'vllm.entrypoints.openai.api_server';

export function modelArgument(line: CommandLine): string | undefined {
  return modelWord(line)?.value;
}

export function withModel(line: CommandLine, model: string): CommandLine {
  const word = modelWord(line);
  if (word === undefined) return line;
  const { command = [] } = line;
  const replaced = (words: readonly string[] | undefined, offset: number): readonly string[] | undefined =>
    words?.map((text, index) => (index + offset === word.index ? word.flag + model : text));
  return compact({ command: replaced(line.command, 0), args: replaced(line.args, command.length) });
}

export function wordsOf({ command = [], args = [] }: CommandLine): readonly string[] {
  return [...command, ...args];
}

/** vLLM takes the last --model; without one, the first argument that is no flag. */
function modelWord(line: CommandLine): Word | undefined {
  const words = wordsOf(line);
  return words.map((_, index) => flaggedModel(words, index)).findLast((word) => word !== undefined) ?? positionalModel(line, words);
}

function flaggedModel(words: readonly string[], index: number): Word | undefined {
  const [word = '', before] = [words[index], words[index - 1]];
  if (before === '--model') return { index, flag: '', value: word };
  return word.startsWith('--model=') ? { index, flag: '--model=', value: word.slice('--model='.length) } : undefined;
}

/** Only right where the arguments begin: after a flag, nothing tells a model from the flag's value. */
function positionalModel(line: CommandLine, words: readonly string[]): Word | undefined {
  const index = firstArgument(line, words);
  const value = index === undefined ? undefined : words[index];
  return index === undefined || value === undefined || value.startsWith('-') ? undefined : { index, flag: '', value };
}

/** Without a command the image's own is vLLM's. */
function firstArgument({ command = [] }: CommandLine, words: readonly string[]): number | undefined {
  const serve = words.findIndex((word, index) => word === 'serve' && (index === 0 || /(^|\/)vllm$/.test(words[index - 1] ?? '')));
  if (serve !== -1) return serve + 1;
  const module = words.indexOf(serverModule);
  if (module !== -1) return module + 1;
  return command.length === 0 ? 0 : undefined;
}
