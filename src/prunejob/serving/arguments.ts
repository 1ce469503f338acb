/**
 * The server's command-line arguments, in every spelling that vLLM's parser accepts.
 *
 * `--flag=4`, `--flag 4`, the same as two list items or inside one shell line, with dashes or underscores, and `-tp`.
 * A spelling that is overlooked would leave pods with fewer GPUs than ranks, so reading and rewriting share one pattern.
 */
import { compact } from '../compact.ts';

const tensorParallel = '(?:--tensor[-_]parallel[-_]size|-tp)';

export interface ServerArguments {
  readonly tensorParallel?: number;
  readonly maxModelLen?: number;
  readonly maxConcurrency?: number;
}

export function readArguments(args: readonly string[]): ServerArguments {
  return compact({
    tensorParallel: lastValue(args, tensorParallel),
    maxModelLen: lastValue(args, '--max[-_]model[-_]len'),
    maxConcurrency: lastValue(args, '--max[-_]num[-_]seqs'),
  });
}

/** The same list with another tensor-parallel size; unchanged if it names none. */
export function withTensorParallel(args: readonly string[], size: number): string[] {
  const inside = new RegExp(`((?:^|\\s)${tensorParallel}[= ]\\s*)[0-9]+(?=\\s|$)`, 'g');
  const alone = new RegExp(`^${tensorParallel}$`);
  return args.map((item, index) => (alone.test(args[index - 1] ?? '') ? `${size}` : item.replace(inside, `$1${size}`)));
}

/** The last one counts: KServe appends a service's arguments to those of its runtime. */
function lastValue(args: readonly string[], flag: string): number | undefined {
  // Joining with a space makes two items read like one line.
  const pattern = new RegExp(`(?:^|\\s)${flag}(?:=|\\s+)([0-9.]+[kKmM]?)(?=\\s|$)`, 'g');
  const last = [...args.join(' ').matchAll(pattern)].at(-1)?.[1];
  return last === undefined ? undefined : amount(last);
}

/** vLLM reads 32k as 32000 and 32K as 32768. */
function amount(text: string): number | undefined {
  const unit = { k: 1e3, K: 1024, m: 1e6, M: 1024 ** 2 }[text.slice(-1)];
  const value = unit === undefined ? Number(text) : Number(text.slice(0, -1)) * unit;
  return Number.isInteger(value) && value > 0 ? value : undefined;
}
