/** The other way round: how many experts must go until the model fits on fewer GPUs. */
import { countStep, downTo, fewestExperts } from './experts.ts';
import type { ModelFacts } from './facts.ts';
import { bytesWith, gpusNeeded, tensorParallelSizes } from './fit.ts';
import type { PlanInput, Sizing } from './plan-types.ts';

type Question = Pick<PlanInput, 'facts' | 'sizing'> & { readonly asked: { readonly multipleOf: number } };

/** The largest number of experts, that is the smallest ratio, for which one replica takes no more than this many GPUs. */
export function mostExperts({ facts, sizing, asked: { multipleOf } }: Question, gpusPerReplica: number): number | undefined {
  const step = countStep(facts, multipleOf);
  const fewest = fewestExperts(facts, multipleOf);
  for (let kept = downTo(facts.experts, step); kept >= fewest; kept -= step) {
    if (fitsOn(facts, sizing, kept, gpusPerReplica)) return kept;
  }
  return undefined;
}

function fitsOn(facts: ModelFacts, sizing: Sizing, kept: number, gpus: number): boolean {
  return (gpusNeeded(facts, sizing, bytesWith(facts, kept)) ?? Infinity) <= gpus;
}

export interface Rung {
  readonly gpus: number;
  readonly experts: number;
}

/** Every smaller number of GPUs that some ratio reaches, with the most experts on it; most GPUs first. */
export function ladder(question: Question, below: number): Rung[] {
  const sizes = tensorParallelSizes(question.facts).filter((size) => size < below).reverse();
  return sizes.flatMap((gpus) => {
    const experts = mostExperts(question, gpus);
    return experts === undefined ? [] : [{ gpus, experts }];
  });
}
