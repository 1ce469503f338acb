/**
 * How many GPUs the service needs before and after pruning, from bytes alone and before any GPU is spent.
 *
 * Only fewer experts shrink dense tensors. Unstructured zeros are stored like any other number, so sparsity does not appear here.
 */
import { kernelWarnings, ratioOf } from './experts.ts';
import type { ModelFacts } from './facts.ts';
import { bytesWith, cacheBytes, gpusNeeded, kvTokensThatFit, splitWarnings } from './fit.ts';
import { gpusAtPeak } from './peak.ts';
import type { Plan, PlanInput, PlanRefusal } from './plan-types.ts';
import { expertsWanted, refusal } from './refusals.ts';
import { bytesText, countText } from '../units.ts';

export function planGPUs(input: PlanInput): Plan | PlanRefusal {
  const wanted = expertsWanted(input);
  if (typeof wanted !== 'number') return wanted;
  const plan = planFor(input, wanted);
  return refusal(input, plan) ?? plan;
}

function planFor(input: PlanInput, expertsAfter: number): Plan {
  const { facts, sizing, service, strategy, asked } = input;
  const [bytesBefore, bytesAfter] = [facts.bytes.total, bytesWith(facts, expertsAfter)];
  const neededBefore = gpusNeeded(facts, sizing, bytesBefore);
  // A service that runs today on fewer GPUs than the sizing asks for keeps them: its model only gets smaller.
  const neededAfter = gpusNeeded(facts, sizing, bytesAfter) ?? Infinity;
  const tensorParallel = removesExperts(input) ? Math.min(neededAfter, service.gpusPerReplica) : service.gpusPerReplica;
  const tokens = (weights: number, size: number): number => kvTokensThatFit(facts, sizing, weights, size) * service.replicas;
  const plan = {
    ratio: asked.ratio ?? ratioOf(facts, expertsAfter), expertsBefore: facts.experts, expertsAfter,
    gpusBefore: service.gpusPerReplica * service.replicas,
    ...(neededBefore === undefined ? {} : { gpusNeededBefore: neededBefore * service.replicas }),
    gpusAfter: tensorParallel * service.replicas, gpusPeak: gpusAtPeak(strategy, service, tensorParallel),
    tensorParallel, bytesBefore, bytesAfter,
    kvTokensBefore: tokens(bytesBefore, service.gpusPerReplica), kvTokensAfter: tokens(bytesAfter, tensorParallel),
  };
  const warnings = [...splitWarnings(facts, tensorParallel), ...kernelWarnings(facts, expertsAfter)];
  return { ...plan, reason: reasonFor(input, plan, neededAfter <= tensorParallel), warnings };
}

/** Where only weights are zeroed, the model stays as large as it was, so its GPUs are left as they are. */
function removesExperts({ asked }: PlanInput): boolean {
  return asked.ratio !== undefined || asked.targetGPUs !== undefined;
}

function reasonFor(input: PlanInput, plan: Omit<Plan, 'reason' | 'warnings'>, fits: boolean): string {
  const { facts, sizing, service } = input;
  const replicas = service.replicas === 1 ? '' : ` in each of ${service.replicas} replicas`;
  const verb = fits ? 'take' : 'do not fit';
  return (
    `${expertsText(facts, plan.expertsAfter)} weights of ${bytesText(plan.bytesAfter)} (before ${bytesText(plan.bytesBefore)}) and ${cacheText(input)} ${verb} ${countText(plan.tensorParallel, 'GPU')} of ${bytesText(sizing.gpuMemory)}` +
    `${replicas} at utilization ${sizing.utilization}. Unstructured zeros save no GPU memory: only fewer experts do.`
  );
}

function cacheText({ facts, sizing }: PlanInput): string {
  const whose = sizing.tokensOfService === true ? 'as the service itself promises, ' : '';
  return `KV cache for ${sizing.maxModelLen} × ${sizing.maxConcurrency} tokens (${whose}${bytesText(cacheBytes(facts, sizing))})`;
}

function expertsText({ experts, architecture }: ModelFacts, kept: number): string {
  if (experts === 0) return `${architecture} is a dense model, so pruning it saves no GPU:`;
  return experts === kept ? 'No expert is removed:' : `Keeping ${kept} of ${experts} experts a layer,`;
}
