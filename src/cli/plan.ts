/**
 * `kubectl-prune plan`: what pruning would save, from the facts of a model alone. No cluster is asked.
 *
 * The plan is the operator's own; only its names for fields of a PruneJob become flags.
 */
import type { Plan, PlanRefusal, WhatIf } from '../prunejob/gpu/plan-types.ts';
import { planWithoutService } from '../prunejob/gpu/what-if.ts';
import { Refused, type Command, type Terminal, type FlagTable } from './command.ts';
import { readFacts } from './facts-file.ts';
import { formatFlag, numberFlag, parseFlags, ratio as ratioKind, seeHelp, wholeNumber, wordFlag, type Values } from './flags.ts';
import { planTable } from './plan-table.ts';
import { strategies } from './run-flags.ts';

const mebibyte = 2 ** 20;

const flags = {
  facts: { type: 'string', value: 'FILE', text: 'what `stun inspect --model URI` prints; - reads standard input', file: true },
  'gpu-memory': { type: 'string', value: 'MIB', text: 'memory of one GPU, as nvidia-smi and the node label nvidia.com/gpu.memory state it (H100: 81559)' },
  'max-model-len': { type: 'string', value: 'N', text: 'longest request, in tokens' },
  'max-concurrency': { type: 'string', value: 'N', text: 'requests of that length served at once' },
  ratio: { type: 'string', value: 'R', text: 'share of the experts to remove, above 0 and below 1' },
  'target-gpus': { type: 'string', value: 'N', text: 'GPUs to end on; the smallest ratio that does is planned' },
  utilization: { type: 'string', value: 'U', default: '0.9', text: 'share of the memory that vLLM may take, its --gpu-memory-utilization' },
  'overhead-per-gpu': { type: 'string', value: 'MIB', default: '4096', text: 'what neither weights nor KV cache take' },
  'multiple-of': { type: 'string', value: 'N', default: '1', text: 'keep a multiple of this many experts, as expert parallelism needs it' },
  strategy: { type: 'string', value: 'S', default: 'Canary', text: 'Canary, Surge or Recreate: how gpusPeak is counted', words: strategies },
  output: { type: 'string', short: 'o', value: 'FORMAT', default: 'table', text: 'table or json', words: ['table', 'json'] },
} as const satisfies FlagTable;

const described = {
  name: 'plan',
  summary: 'what pruning a model would save, without a cluster',
  usage: ['--facts FILE --gpu-memory MIB --max-model-len N --max-concurrency N [--ratio R | --target-gpus N] [-o json]'],
  about: `Says how many GPUs a model takes now and with fewer experts, as the operator would plan it. Without --ratio and --target-gpus it
plans the smallest ratio that saves a GPU. How it counts: docs/reference/gpu-plan.md`,
  flags,
  examples: [
    'stun inspect --model s3://models/Mixtral-8x22B-v0.1/ > facts.json',
    'kubectl prune plan --facts facts.json --gpu-memory 81559 --max-model-len 32768 --max-concurrency 8',
  ],
  exits: 'Exit code 0 for a plan, 2 for a question that cannot be answered and for a plan that the operator would refuse.',
} as const;

export const plan: Command = {
  ...described,
  run(args, terminal) {
    const given = parseFlags(described, args);
    const format = formatFlag(given.output, ['table', 'json']);
    const question = questionOf(given, terminal);
    return answer(question, planWithoutService(question), format, terminal);
  },
};

type Flags = Values<typeof flags>;

const kinds = {
  memory: { ...wholeNumber, what: 'a whole number of MiB; write 81559 for an H100 of 80 GB' },
  overhead: { what: 'a number of MiB, 0 or more', accepts: (value: number) => value >= 0 && value < Infinity },
  utilization: { what: 'a share above 0 and up to 1', accepts: (value: number) => value > 0 && value <= 1 },
};

function questionOf(given: Flags, terminal: Terminal): WhatIf {
  const { facts, ratio, 'target-gpus': target } = given;
  const count = (flag: 'gpu-memory' | 'max-model-len' | 'max-concurrency', kind = wholeNumber): number => numberFlag(flag, required(flag, given[flag]), kind);
  return {
    facts: readFacts(required('facts', facts), terminal),
    sizing: {
      gpuMemory: count('gpu-memory', kinds.memory) * mebibyte,
      utilization: numberFlag('utilization', given.utilization, kinds.utilization),
      overheadPerGPU: numberFlag('overhead-per-gpu', given['overhead-per-gpu'], kinds.overhead) * mebibyte,
      maxModelLen: count('max-model-len'),
      maxConcurrency: count('max-concurrency'),
    },
    asked: {
      multipleOf: numberFlag('multiple-of', given['multiple-of'], wholeNumber),
      ...(ratio === undefined ? {} : { ratio: numberFlag('ratio', ratio, ratioKind) }),
      ...(target === undefined ? {} : { targetGPUs: numberFlag('target-gpus', target, wholeNumber) }),
    },
    strategy: wordFlag('strategy', given.strategy, strategies),
  };
}

function required(flag: string, text: string | undefined): string {
  if (text === undefined) throw new Refused(`--${flag} is missing. ${seeHelp(described)}`);
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
