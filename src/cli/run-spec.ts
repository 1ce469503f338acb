/** The spec that the flags of `run` stand for. What it leaves out the API server fills in, and what it gets wrong the API server refuses. */
import type { PruneJobSpec, ServiceReference } from '../api/v1alpha1/prunejob.ts';
import { compact } from '../prunejob/compact.ts';
import { serviceKinds } from '../prunejob/serving/registry.ts';
import { Refused } from './command.ts';
import { numberFlag, ratio, seeHelp, wholeNumber, wordFlag, type NumberKind } from './flags.ts';
import { specFlags, strategies, type SpecFlags } from './run-flags.ts';

/** As somebody writes it: without the defaults. */
type Written<T> = T extends readonly unknown[] ? T : T extends object ? { readonly [K in keyof T]?: Written<T[K]> } : T;
export type WrittenSpec = Written<PruneJobSpec>;

/** Of the perplexity gate; as many as the documentation's own example reads. */
const heldOutSamples = 64;

/** What each of these flags says something about. */
const aboutFlag = { samples: 'calibration', 'sequence-length': 'calibration', 'max-increase': 'perplexity' } as const;

const share: NumberKind = { what: 'a share above 0 and up to 0.99; for 40 % write 0.40', accepts: (value) => value > 0 && value <= 0.99 };
const increase: NumberKind = { what: 'a number from 0 on; for 5 % write 0.05', accepts: (value) => value >= 0 && value < Infinity };

export function specOf(given: SpecFlags): WrittenSpec {
  refuseOrphans(given);
  return compact({
    model: { uri: required('model', given.model) },
    pruning: pruning(given),
    calibration: calibration(given),
    quality: quality(given),
    output: { uri: required('output-uri', given['output-uri']) },
    serving: serving(given),
    runner: runner(given),
    planOnly: given['plan-only'],
  });
}

/** Dropped in silence, a limit that somebody set would be one that nobody holds. */
function refuseOrphans(given: SpecFlags): void {
  for (const [flag, about] of Object.entries(aboutFlag) as [keyof typeof aboutFlag, (typeof aboutFlag)[keyof typeof aboutFlag]][]) {
    if (given[about] === undefined && given[flag] !== specFlags[flag].default) throw new Refused(`--${flag} ${given[flag]} is about what --${about} names, which is not given; add --${about} ${specFlags[about].value}.`);
  }
}

function required(flag: string, text: string | undefined): string {
  if (text === undefined) throw new Refused(`--${flag} is missing, and so is -f FILE. ${seeHelp({ name: 'run' })}`);
  return text;
}

function pruning({ ratio: removed, 'target-gpus': gpus, 'target-sparsity': sparsity }: SpecFlags): WrittenSpec['pruning'] & object {
  if (removed === undefined && gpus === undefined && sparsity === undefined) throw new Refused('Nothing says how much to prune; write --target-gpus N, --ratio R or --target-sparsity S.');
  return compact({
    targetSparsity: optional('target-sparsity', sparsity, share),
    targetGPUs: optional('target-gpus', gpus, wholeNumber),
    experts: removed === undefined ? undefined : { ratio: numberFlag('ratio', removed, ratio) },
  });
}

function optional(flag: string, text: string | undefined, kind: NumberKind): number | undefined {
  return text === undefined ? undefined : numberFlag(flag, text, kind);
}

function calibration({ calibration: uri, samples, 'sequence-length': length }: SpecFlags): WrittenSpec['calibration'] {
  if (uri === undefined) return undefined;
  return { uri, samples: numberFlag('samples', samples, wholeNumber), sequenceLength: numberFlag('sequence-length', length, wholeNumber) };
}

function quality({ perplexity: uri, 'max-increase': most }: SpecFlags): WrittenSpec['quality'] {
  return uri === undefined ? undefined : { perplexity: { uri, samples: heldOutSamples, maxIncrease: numberFlag('max-increase', most, increase) } };
}

function serving(given: SpecFlags): WrittenSpec['serving'] {
  const { service, strategy } = given;
  if (service !== undefined) return compact({ ref: serviceNamed(service), strategy: strategy === undefined ? undefined : wordFlag('strategy', strategy, strategies), sizing: sizing(given) });
  if (strategy !== undefined) throw new Refused('--strategy says how a service moves; name it with --service KIND/NAME.');
  const lone = sizingFlags.find((flag) => given[flag] !== undefined);
  if (lone !== undefined) throw new Refused(`--${lone} says what a service must still take; name it with --service KIND/NAME.`);
  return undefined;
}

const sizingFlags = ['max-model-len', 'max-concurrency'] as const;

function sizing({ 'max-model-len': length, 'max-concurrency': requests }: SpecFlags): NonNullable<WrittenSpec['serving']>['sizing'] {
  if (length === undefined && requests === undefined) return undefined;
  return compact({ maxModelLen: optional('max-model-len', length, wholeNumber), maxConcurrency: optional('max-concurrency', requests, wholeNumber) });
}

/** As kubectl's own short names. */
const shortNames: Readonly<Record<string, string>> = { isvc: 'InferenceService', deploy: 'Deployment', llmisvc: 'LLMInferenceService' };

/** The registry's kinds are those that the CRD takes. */
function serviceNamed(text: string): ServiceReference {
  const [word = '', name = '', ...more] = text.split('/');
  const found = serviceKinds.find(({ type }) => [type.kind, shortNameOf(type.kind), `${type.kind}s`].some((known) => known.toLowerCase() === word.toLowerCase()));
  if (found === undefined || name === '' || more.length > 0) throw new Refused(`--service ${text} is not KIND/NAME with one of ${Object.keys(shortNames).join(', ')}, such as isvc/mixtral, in the namespace of the PruneJob.`);
  const { group, version, kind } = found.type;
  return { apiVersion: `${group}/${version}`, kind: kind as ServiceReference['kind'], name };
}

function shortNameOf(kind: string): string {
  return Object.entries(shortNames).find(([, known]) => known === kind)?.[0] ?? kind;
}

function runner({ 'service-account': account, queue, 'gpu-product': products }: SpecFlags): WrittenSpec['runner'] {
  const fields = compact({ serviceAccountName: account, queueName: queue, gpuProducts: products });
  return Object.keys(fields).length === 0 ? undefined : fields;
}
