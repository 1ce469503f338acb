/** The quality gate over again: a fresh result has passed its own, a reused one was measured under another PruneJob's thresholds. */
import type { PruneJobSpec } from '../api/v1alpha1/prunejob.ts';
import type { Failure } from './failure/failure.ts';
import type { EngineResult } from './engine/messages.ts';
import type { TaskScore } from './quality.ts';
import type { Run } from './run.ts';
import { publishedUri } from './engine/storage-paths.ts';

type Asked = NonNullable<PruneJobSpec['quality']>;

export function gateRefusal(asked: Asked | undefined, result: EngineResult): Failure | undefined {
  return perplexityRefusal(asked?.perplexity, result) ?? firstRefusal(asked?.tasks ?? [], result);
}

function perplexityRefusal(asked: Asked['perplexity'], result: EngineResult): Failure | undefined {
  if (asked === undefined) return undefined;
  const measured = result.quality?.perplexity ?? undefined;
  if (measured === undefined) return notMeasured('perplexity', result);
  if (measured.upperBound <= asked.maxIncrease) return undefined;
  return { reason: 'QualityRefused', message: `Perplexity rises by up to ${percent(measured.upperBound)} (95 % bound), more than the ${percent(asked.maxIncrease)} of quality.perplexity.maxIncrease. Prune less, or raise maxIncrease.` };
}

function firstRefusal(asked: NonNullable<Asked['tasks']>, result: EngineResult): Failure | undefined {
  return asked.map((task) => taskRefusal(task, result)).find((refusal) => refusal !== undefined);
}

function taskRefusal({ name, minRetained }: NonNullable<Asked['tasks']>[number], result: EngineResult): Failure | undefined {
  const measured = result.quality?.tasks?.find((task) => task.name === name);
  if (measured === undefined) return notMeasured(`task ${name}`, result);
  if (measured.lowerBound >= minRetained) return undefined;
  return { reason: 'QualityRefused', message: `Task ${name} retains no more than ${percent(measured.lowerBound)} of the dense model's score for sure (95 % bound), less than the ${percent(minRetained)} of its minRetained. Prune less, or lower minRetained.` };
}

export function asksEndpoint({ spec }: Run): boolean {
  return spec.quality?.endpoint !== undefined;
}

/** The same of what the served models scored; nobody else would notice an engine that left a task out. */
export function endpointRefusal(asked: Asked | undefined, scores: readonly TaskScore[]): Failure | undefined {
  return (asked?.endpoint?.tasks ?? []).map((task) => servedRefusal(task, scores)).find((refusal) => refusal !== undefined);
}

function servedRefusal({ name, minRetained }: NonNullable<Asked['endpoint']>['tasks'][number], scores: readonly TaskScore[]): Failure | undefined {
  const measured = scores.find((task) => task.name === name);
  if (measured === undefined) return { reason: 'ResultMismatch', message: `The evaluation told no score of ${name}, which quality.endpoint asks for. Check that runner.image is a STUN engine of this release.` };
  if (measured.lowerBound >= minRetained) return undefined;
  return { reason: 'QualityRefused', message: `Served, the score on ${name} goes from ${measured.before.toFixed(3)} to ${measured.after.toFixed(3)}; for sure (95 % bound) only ${percent(measured.lowerBound)} are retained, less than the ${percent(minRetained)} of its minRetained. Prune less, lower minRetained, or ask more questions.` };
}

function notMeasured(what: string, { uri }: EngineResult): Failure {
  return { reason: 'QualityDataInvalid', message: `The model published at ${publishedUri(uri)} was made without measuring ${what}, which this gate asks for. Remove it from quality, or publish to another output.uri.` };
}

export function percent(share: number): string {
  return `${(share * 100).toFixed(1)} %`;
}
