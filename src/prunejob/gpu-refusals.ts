/** Plans that are refused before a GPU is spent, each with what would work instead. */
import { countStep, downTo, expertsKept, fewestExperts, mostExperts, ratioOf } from './gpu-fit.ts';
import type { Plan, PlanInput, PlanRefusal } from './gpu-plan-types.ts';
import type { Facts } from './messages.ts';

/** How many experts stay in every layer. */
export function expertsWanted(input: PlanInput): number | PlanRefusal {
  const { facts, asked } = input;
  if (asked.ratio === undefined && asked.targetGPUs === undefined) return facts.experts;
  if (facts.experts === 0) return notMoE(facts);
  if (asked.ratio === undefined) return expertsForTarget(input, asked.targetGPUs ?? 0);
  const kept = expertsKept(facts, asked.ratio);
  const fewest = fewestExperts(facts, asked.multipleOf);
  if (kept < fewest) return tooFewExperts(facts, asked.ratio, { kept, fewest, multipleOf: asked.multipleOf });
  const step = countStep(facts, asked.multipleOf);
  return kept % step === 0 ? kept : indivisible(facts, asked.ratio, { kept, step });
}

function expertsForTarget(input: PlanInput, targetGPUs: number): number | PlanRefusal {
  return mostExperts(input, (gpus) => gpus <= targetGPUs) ?? {
    refused: 'TooFewExperts',
    message: `No number of experts from the router's top-k of ${input.facts.topK} up brings the service to ${targetGPUs} GPUs. Raise pruning.targetGPUs, or lower serving.sizing.maxModelLen or maxConcurrency.`,
  };
}

export function refusal(input: PlanInput, plan: Plan): PlanRefusal | undefined {
  const { asked } = input;
  if (asked.targetGPUs !== undefined && plan.gpusAfter > asked.targetGPUs) return missesTarget(input, plan, asked.targetGPUs);
  if (asked.requireSaving && plan.gpusAfter >= plan.gpusBefore) return noGPUSaved(input, plan);
  if (asked.requireSaving && (plan.gpusNeededBefore ?? Infinity) <= plan.gpusAfter) return alreadyFits(plan);
  if (plan.gpusPeak > input.allocatableGPUs) return gpusUnavailable(input, plan);
  return undefined;
}

function notMoE({ architecture }: Facts): PlanRefusal {
  return { refused: 'NotMoE', message: `${architecture} is a dense model without experts, so expert pruning cannot shrink it. Remove pruning.experts.ratio and pruning.targetGPUs, or name a Mixture-of-Experts model.` };
}

function tooFewExperts(facts: Facts, ratio: number, { kept, fewest, multipleOf }: { readonly kept: number; readonly fewest: number; readonly multipleOf: number }): PlanRefusal {
  const need = multipleOf === 1 ? 'needs' : `and pruning.experts.multipleOf ${multipleOf} need`;
  const remedy = fewest < facts.experts ? `Set pruning.experts.ratio to at most ${downTo4(ratioOf(facts, fewest))}.` : 'No expert can be removed; lower pruning.experts.multipleOf, or remove the ratio.';
  return {
    refused: 'TooFewExperts',
    message: `Ratio ${ratio} keeps ${kept} of ${facts.experts} experts, but the router's top-k of ${facts.topK} ${need} at least ${fewest}. ${remedy}`,
  };
}

/** The ratio is not rounded on the quiet: the run key and the report name what was asked. */
function indivisible(facts: Facts, ratio: number, { kept, step }: { readonly kept: number; readonly step: number }): PlanRefusal {
  const divisible = downTo(kept, step);
  const why = facts.expertGroups > 1 ? `the router's ${facts.expertGroups} groups and pruning.experts.multipleOf need` : 'pruning.experts.multipleOf needs';
  return {
    refused: 'RecipeInvalid',
    message: `Ratio ${ratio} keeps ${kept} of ${facts.experts} experts, but ${why} a multiple of ${step}. Set pruning.experts.ratio to ${upTo4(ratioOf(facts, divisible))} (${divisible} experts).`,
  };
}

function missesTarget(input: PlanInput, plan: Plan, target: number): PlanRefusal {
  const remedy = ratioThat(input, (gpus) => gpus <= target, 'reaches it');
  return { refused: 'NoGPUSaved', message: `Ratio ${plan.ratio} needs ${plan.gpusAfter} GPUs, more than pruning.targetGPUs ${target}. ${remedy}` };
}

function noGPUSaved(input: PlanInput, plan: Plan): PlanRefusal {
  const remedy = ratioThat(input, (gpus) => gpus < plan.gpusBefore, 'saves GPUs');
  return { refused: 'NoGPUSaved', message: `${plan.reason} The service runs on ${plan.gpusBefore} already, so none is saved. ${remedy}` };
}

function ratioThat(input: PlanInput, enough: (gpus: number) => boolean, does: string): string {
  const kept = mostExperts(input, enough);
  if (kept === undefined) return 'No ratio that leaves top-k experts does; lower serving.sizing.maxModelLen or maxConcurrency.';
  return `The smallest pruning.experts.ratio that ${does} is ${upTo4(ratioOf(input.facts, kept))} (${kept} experts).`;
}

function alreadyFits(plan: Plan): PlanRefusal {
  return {
    refused: 'AlreadyFits',
    message: `The dense model already fits ${plan.gpusNeededBefore ?? 0} GPUs, while the service runs on ${plan.gpusBefore}. Lower the service's GPUs without pruning, or set serving.requireSaving: false.`,
  };
}

function gpusUnavailable({ allocatableGPUs, strategy }: PlanInput, plan: Plan): PlanRefusal {
  const remedy = strategy === 'Surge' ? 'Use serving.strategy: Recreate, which needs no spare GPU but stops the service while the new pods start, or add nodes.' : 'Add nodes.';
  return { refused: 'GPUsUnavailable', message: `The rollout by ${strategy} needs ${plan.gpusPeak} GPUs at its peak, but the ready nodes offer ${allocatableGPUs}. ${remedy}` };
}

/** Rounded so that the suggested ratio still does what the sentence says: it is applied with floor(E·ratio + 0.5). */
function upTo4(ratio: number): number {
  return Math.ceil(ratio * 1e4 - 1e-9) / 1e4;
}

function downTo4(ratio: number): number {
  return Math.floor(ratio * 1e4 + 1e-9) / 1e4;
}
