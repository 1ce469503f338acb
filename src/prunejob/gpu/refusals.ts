/** Plans that are refused before a GPU is spent, each with what would work instead. */
import { countStep, downTo, expertsKept, fewestExperts, ratioAtLeast, ratioAtMost } from './experts.ts';
import type { ModelFacts } from './facts.ts';
import { gpusAtPeak } from './peak.ts';
import type { Plan, PlanInput, PlanRefusal } from './plan-types.ts';
import { mostExperts } from './search.ts';
import { countText } from '../units.ts';

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
  return mostExperts(input, targetGPUs / input.service.replicas) ?? {
    refused: 'TooFewExperts',
    message: `No number of experts from the ${fewestExperts(input.facts, input.asked.multipleOf)} that its router needs up brings the model to ${countText(targetGPUs, 'GPU')}. Raise pruning.targetGPUs, or ${fewerTokens(input)}.`,
  };
}

export function refusal(input: PlanInput, plan: Plan): PlanRefusal | undefined {
  const found = refusalOf(input, plan);
  return found === undefined ? undefined : { ...found, plan };
}

function refusalOf(input: PlanInput, plan: Plan): PlanRefusal | undefined {
  const { asked } = input;
  if (asked.targetGPUs !== undefined && plan.gpusAfter > asked.targetGPUs) return missesTarget(input, plan, asked.targetGPUs);
  if (asked.requireSaving && fitsUnpruned(input, plan)) return alreadyFits(input, plan);
  if (asked.requireSaving && plan.gpusAfter >= plan.gpusBefore) return noGPUSaved(input, plan);
  if (plan.gpusPeak > input.allocatableGPUs) return gpusUnavailable(input, plan);
  return undefined;
}

/** Whether the dense model would do on the GPUs that pruning is asked for. */
function fitsUnpruned({ asked }: PlanInput, { gpusBefore, gpusNeededBefore = Infinity, gpusAfter }: Plan): boolean {
  const reaches = asked.ratio === undefined && gpusNeededBefore <= (asked.targetGPUs ?? 0);
  return reaches || (gpusAfter < gpusBefore && gpusNeededBefore <= gpusAfter);
}

export function notMoE({ architecture }: ModelFacts): PlanRefusal {
  return { refused: 'NotMoE', message: `${architecture} is a dense model without experts, so expert pruning cannot shrink it. Remove pruning.experts.ratio and pruning.targetGPUs, or name a Mixture-of-Experts model.` };
}

function tooFewExperts(facts: ModelFacts, ratio: number, { kept, fewest, multipleOf }: { readonly kept: number; readonly fewest: number; readonly multipleOf: number }): PlanRefusal {
  const groups = facts.expertGroups === 1 ? '' : ` from ${facts.topKGroups} of ${facts.expertGroups} groups`;
  const need = multipleOf === 1 ? 'needs' : `and pruning.experts.multipleOf ${multipleOf} need`;
  const remedy = fewest < facts.experts ? `Set pruning.experts.ratio to at most ${ratioAtMost(facts, fewest)}.` : 'No expert can be removed; lower pruning.experts.multipleOf, or remove the ratio.';
  return {
    refused: 'TooFewExperts',
    message: `Ratio ${ratio} keeps ${kept} of ${facts.experts} experts, but the router's top-k of ${facts.topK}${groups} ${need} at least ${fewest}. ${remedy}`,
  };
}

/** The ratio is not rounded on the quiet: the run key and the report name what was asked. */
function indivisible(facts: ModelFacts, ratio: number, { kept, step }: { readonly kept: number; readonly step: number }): PlanRefusal {
  const divisible = downTo(kept, step);
  const why = facts.expertGroups > 1 ? `the router's ${facts.expertGroups} groups and pruning.experts.multipleOf need` : 'pruning.experts.multipleOf needs';
  return {
    refused: 'RecipeInvalid',
    message: `Ratio ${ratio} keeps ${kept} of ${facts.experts} experts, but ${why} a multiple of ${step}. Set pruning.experts.ratio to ${ratioAtLeast(facts, divisible)} (${divisible} experts).`,
  };
}

function missesTarget(input: PlanInput, plan: Plan, target: number): PlanRefusal {
  const remedy = ratioFor(input, target / input.service.replicas, 'reaches it');
  return { refused: 'NoGPUSaved', message: `Ratio ${plan.ratio} needs ${countText(plan.gpusAfter, 'GPU')}, more than pruning.targetGPUs ${target}. ${remedy}` };
}

function noGPUSaved(input: PlanInput, plan: Plan): PlanRefusal {
  const remedy = ratioFor(input, input.service.gpusPerReplica - 1, 'saves GPUs');
  return { refused: 'NoGPUSaved', message: `${plan.reason} The dense model runs on ${countText(plan.gpusBefore, 'GPU')}, so none is saved. ${remedy}` };
}

function ratioFor(input: PlanInput, gpusPerReplica: number, does: string): string {
  if (gpusPerReplica < 1) return 'A replica takes one GPU at least.';
  const kept = mostExperts(input, gpusPerReplica);
  if (kept === undefined) return `No ratio that leaves the router enough experts does; ${fewerTokens(input)}.`;
  return `The smallest pruning.experts.ratio that ${does} is ${ratioAtLeast(input.facts, kept)} (${kept} experts).`;
}

function fewerTokens({ sizing }: PlanInput): string {
  return sizing.tokensOfService === true ? "lower the service's --max-model-len or --max-num-seqs" : 'lower serving.sizing.maxModelLen or serving.sizing.maxConcurrency';
}

function alreadyFits({ asked }: PlanInput, { gpusBefore, gpusNeededBefore = 0 }: Plan): PlanRefusal {
  const fits = `The dense model already fits ${countText(gpusNeededBefore, 'GPU')}`;
  const message = gpusNeededBefore < gpusBefore
    ? `${fits}, while the service runs on ${gpusBefore}. Lower the service's GPUs without pruning, or set serving.requireSaving: false.`
    : `${fits}, so it needs no pruning for pruning.targetGPUs ${asked.targetGPUs ?? 0}. Ask for fewer.`;
  return { refused: 'AlreadyFits', message };
}

function gpusUnavailable({ allocatableGPUs, strategy, service }: PlanInput, plan: Plan): PlanRefusal {
  const surge = gpusAtPeak('Surge', service, plan.tensorParallel);
  const other = strategy === 'Canary' && surge <= allocatableGPUs ? `serving.strategy: Surge, which needs ${surge}, or ` : '';
  const remedy = strategy === 'Recreate' ? 'Add nodes.' : `Use ${other}serving.strategy: Recreate, which needs no spare GPU but stops the service while the new pods start, or add nodes.`;
  return { refused: 'GPUsUnavailable', message: `The rollout by ${strategy} needs ${plan.gpusPeak} GPUs at its peak, but the nodes that take its pods offer ${allocatableGPUs}. ${remedy}` };
}
