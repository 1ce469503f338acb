/**
 * `kubectl-prune plan`: what pruning would save, from the facts of a model alone. No cluster is asked.
 *
 * The plan is the operator's own; only its names for fields of a PruneJob become flags.
 */
import type { Plan, PlanRefusal, Strategy, WhatIf } from '../prunejob/gpu-plan-types.ts';
import { planWithoutService } from '../prunejob/gpu-what-if.ts';
import { Refused, type Command, type Terminal } from './command.ts';
import { readFacts } from './facts-file.ts';
import { numberFlag, parseFlags, wholeNumber, wordFlag } from './flags.ts';
import { planTable } from './plan-table.ts';

const mebibyte = 2 ** 20;
const strategies: readonly Strategy[] = ['Canary', 'Surge', 'Recreate'];

const help = `Usage: kubectl-prune plan --facts FILE --gpu-memory MIB --max-model-len N --max-concurrency N [--ratio R | --target-gpus N] [-o json]

Says how many GPUs a model takes now and with fewer experts, as the operator would plan it. Without --ratio and --target-gpus it
plans the smallest ratio that saves a GPU. How it counts: docs/reference/gpu-plan.md

  --facts FILE             what \`stun inspect --model URI\` prints; - reads standard input
  --gpu-memory MIB         memory of one GPU, as nvidia-smi and the node label nvidia.com/gpu.memory state it (H100: 81559)
  --max-model-len N        longest request, in tokens
  --max-concurrency N      requests of that length served at once
  --ratio R                share of the experts to remove, above 0 and below 1
  --target-gpus N          GPUs to end on; the smallest ratio that does is planned
  --utilization U          share of the memory that vLLM may take, its --gpu-memory-utilization (default 0.9)
  --overhead-per-gpu MIB   what neither weights nor KV cache take (default 4096)
  --multiple-of N          keep a multiple of this many experts, as expert parallelism needs it (default 1)
  --strategy S             Canary, Surge or Recreate: how gpusPeak is counted (default Canary)
  -o, --output FORMAT      table or json (default table)

Exit code 0 for a plan, 2 for a question that cannot be answered and for a plan that the operator would refuse.
`;

const options = {
  facts: { type: 'string' }, 'gpu-memory': { type: 'string' }, 'max-model-len': { type: 'string' }, 'max-concurrency': { type: 'string' },
  ratio: { type: 'string' }, 'target-gpus': { type: 'string' },
  utilization: { type: 'string', default: '0.9' }, 'overhead-per-gpu': { type: 'string', default: '4096' },
  'multiple-of': { type: 'string', default: '1' }, strategy: { type: 'string', default: 'Canary' },
  output: { type: 'string', short: 'o', default: 'table' },
} as const;

export const plan: Command = {
  summary: 'what pruning a model would save, without a cluster',
  help,
  run(args, terminal) {
    const flags = parseFlags('plan', args, options);
    const format = wordFlag('output', flags.output.replace(/^=/, ''), ['table', 'json']);
    const question = questionOf(flags, terminal);
    return answer(question, planWithoutService(question), format, terminal);
  },
};

type Flags = ReturnType<typeof parseFlags<typeof options>>;

const kinds = {
  memory: { ...wholeNumber, what: 'a whole number of MiB; write 81559 for an H100 of 80 GB' },
  overhead: { what: 'a number of MiB, 0 or more', accepts: (value: number) => value >= 0 && value < Infinity },
  utilization: { what: 'a share above 0 and up to 1', accepts: (value: number) => value > 0 && value <= 1 },
  ratio: { what: 'a share above 0 and below 1, such as 0.25', accepts: (value: number) => value > 0 && value < 1 },
};

function questionOf(flags: Flags, terminal: Terminal): WhatIf {
  const { facts, ratio, 'target-gpus': target } = flags;
  const count = (flag: 'gpu-memory' | 'max-model-len' | 'max-concurrency', kind = wholeNumber): number => numberFlag(flag, required(flag, flags[flag]), kind);
  return {
    facts: readFacts(required('facts', facts), terminal),
    sizing: {
      gpuMemory: count('gpu-memory', kinds.memory) * mebibyte,
      utilization: numberFlag('utilization', flags.utilization, kinds.utilization),
      overheadPerGPU: numberFlag('overhead-per-gpu', flags['overhead-per-gpu'], kinds.overhead) * mebibyte,
      maxModelLen: count('max-model-len'),
      maxConcurrency: count('max-concurrency'),
    },
    asked: {
      multipleOf: numberFlag('multiple-of', flags['multiple-of'], wholeNumber),
      ...(ratio === undefined ? {} : { ratio: numberFlag('ratio', ratio, kinds.ratio) }),
      ...(target === undefined ? {} : { targetGPUs: numberFlag('target-gpus', target, wholeNumber) }),
    },
    strategy: wordFlag('strategy', flags.strategy, strategies),
  };
}

function required(flag: string, text: string | undefined): string {
  if (text === undefined) throw new Refused(`--${flag} is missing. See: kubectl-prune plan --help`);
  return text;
}

/** A plan that is refused is shown all the same: it says how far it is from one that is not. */
function answer(question: WhatIf, outcome: Plan | PlanRefusal, format: 'table' | 'json', terminal: Terminal): number {
  const found = 'refused' in outcome ? outcome.plan : outcome;
  if (found !== undefined) terminal.out(format === 'json' ? json(found) : planTable(question, found));
  for (const warning of found?.warnings ?? []) terminal.err(`Warning: ${warning}\n`);
  if ('refused' in outcome) throw new Refused(`${outcome.refused}: ${withFlags(outcome.message)}`);
  return 0;
}

function json({ gpusBefore, gpusAfter, gpusPeak, ratio, bytesBefore, bytesAfter, kvTokensBefore, kvTokensAfter }: Plan): string {
  return `${JSON.stringify({ gpusBefore, gpusAfter, gpusPeak, ratio, bytesBefore, bytesAfter, kvTokensBefore, kvTokensAfter })}\n`;
}

const flagOf: readonly (readonly [string, string])[] = [
  ['pruning.experts.ratio', '--ratio'], ['pruning.targetGPUs', '--target-gpus'], ['pruning.experts.multipleOf', '--multiple-of'],
  ['serving.sizing.maxModelLen', '--max-model-len'], ['serving.sizing.maxConcurrency', '--max-concurrency'],
];

function withFlags(message: string): string {
  return flagOf.reduce((text, [field, flag]) => text.replaceAll(field, flag), message);
}
