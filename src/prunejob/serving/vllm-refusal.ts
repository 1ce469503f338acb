/** Which command lines of vLLM cannot be moved to fewer GPUs by rewriting a number in them, each with what to change. */
import { readArguments } from './arguments.ts';
import { wordsOf, type CommandLine } from './vllm-command.ts';

const shells = ['sh', 'bash', 'ash', 'dash', 'zsh'];

/** The end of a sentence that begins with the service's name. */
export function commandProblem(line: CommandLine, gpus: number): string | undefined {
  const words = wordsOf(line);
  return shellProblem(words) ?? spreadProblem(words) ?? hiddenProblem(words) ?? sizeProblem(words, gpus);
}

function shellProblem(words: readonly string[]): string | undefined {
  const shell = words.slice(0, 2).find((word) => shells.includes(fileName(word)) || word.endsWith('.sh'));
  return shell === undefined ? undefined : `starts its server through ${shell}, whose script is not rewritten. Start vLLM by command: [vllm, serve] and a list of args.`;
}

function spreadProblem(words: readonly string[]): string | undefined {
  const parts: Readonly<Record<string, string>> = { 'pipeline-parallel-size|-pp': 'pipeline parallelism', 'data-parallel-size|-dp': 'data parallelism', nnodes: 'several nodes' };
  const spread = Object.entries(parts).find(([flag]) => (numberOf(words, flag) ?? 1) > 1)?.[1];
  if (spread !== undefined) return `serves one replica with ${spread}, which is not supported. Serve it from one pod, by tensor parallelism alone.`;
  const ray = fileName(words[0] ?? '') === 'ray' || /--distributed[-_]executor[-_]backend[= ]ray(\s|$)/.test(words.join(' '));
  return ray ? 'serves through Ray, which may spread one replica over several nodes. Serve it from one pod, without --distributed-executor-backend=ray.' : undefined;
}

function hiddenProblem(words: readonly string[]): string | undefined {
  const config = words.find((word) => /^--config(=|$)/.test(word));
  return config === undefined ? undefined : 'takes arguments from a file (--config), which is not rewritten. Write the model and --tensor-parallel-size into args.';
}

function sizeProblem(words: readonly string[], gpus: number): string | undefined {
  if (gpus <= 1 || readArguments(words).tensorParallel !== undefined) return undefined;
  return `asks for ${gpus} GPUs and states no tensor-parallel size as a number, so the size for fewer GPUs could not be written. Write --tensor-parallel-size=${gpus} into args.`;
}

function numberOf(words: readonly string[], names: string): number | undefined {
  const [long = '', short] = names.split('|');
  const flag = `(?:--${long.replaceAll('-', '[-_]')}${short === undefined ? '' : `|${short}`})`;
  const last = [...words.join(' ').matchAll(new RegExp(`(?:^|\\s)${flag}(?:=|\\s+)([0-9]+)(?=\\s|$)`, 'g'))].at(-1)?.[1];
  return last === undefined ? undefined : Number(last);
}

function fileName(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}
