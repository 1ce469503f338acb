/**
 * What fits on how many GPUs: bytes of weights and of KV cache against the memory of one card.
 *
 * Bytes stay exact: a rounded card or model would let a plan pass that does not fit.
 */
import type { PlanInput, Sizing } from './gpu-plan-types.ts';
import type { Facts } from './messages.ts';

/** The pinned rule E' = E − floor(E·ratio + 0.5); the engine applies the same, so a given ratio is never adjusted here. */
export function expertsKept({ experts }: Facts, ratio: number): number {
  return experts - Math.floor(experts * ratio + 0.5);
}

/** Experts and their router rows shrink with the count; everything else stays. */
export function bytesWith(facts: Facts, experts: number): number {
  if (facts.experts === 0) return facts.bytes.total;
  const perCount = facts.bytes.experts + facts.bytes.routers;
  return facts.bytes.total - perCount + Math.ceil((perCount * experts) / facts.experts);
}

/** Tensor-parallel sizes that split the attention heads evenly, and KV heads evenly or by whole copies. */
export function tensorParallelSizes({ attentionHeads, kvHeads }: Facts): number[] {
  const sizes = Array.from({ length: attentionHeads }, (_, index) => index + 1);
  return sizes.filter((size) => attentionHeads % size === 0 && (kvHeads % size === 0 || size % kvHeads === 0));
}

/** The smallest tensor-parallel size on which these weights and the asked KV cache fit; undefined if none does. */
export function gpusNeeded(facts: Facts, sizing: Sizing, weights: number): number | undefined {
  const tokens = sizing.maxModelLen * sizing.maxConcurrency;
  return tensorParallelSizes(facts).find((size) => kvTokensThatFit(facts, sizing, weights, size) >= tokens);
}

/** Negative when not even the weights fit. */
export function kvTokensThatFit(facts: Facts, sizing: Sizing, weights: number, size: number): number {
  const free = sizing.gpuMemory * sizing.utilization - sizing.overheadPerGPU - weights / size;
  // Beyond one GPU per KV head each further GPU holds a copy, so it adds no room for tokens.
  const perGPU = facts.kvBytesPerToken / Math.min(size, facts.kvHeads);
  if (free < 0) return -1;
  return perGPU === 0 ? Number.MAX_SAFE_INTEGER : Math.floor(free / perGPU);
}

/** The largest number of experts, that is the smallest ratio, whose GPUs satisfy `enough`. */
export function mostExperts({ facts, sizing, service, asked }: PlanInput, enough: (gpus: number) => boolean): number | undefined {
  const step = countStep(facts, asked.multipleOf);
  for (let kept = downTo(facts.experts, step); kept >= fewestExperts(facts, asked.multipleOf); kept -= step) {
    const size = gpusNeeded(facts, sizing, bytesWith(facts, kept));
    if (size !== undefined && enough(size * service.replicas)) return kept;
  }
  return undefined;
}

/** Group-limited routers split the experts evenly, and so does expert parallelism. */
export function countStep({ expertGroups }: Facts, multipleOf: number): number {
  return leastCommonMultiple(Math.max(expertGroups, 1), multipleOf);
}

export function downTo(count: number, step: number): number {
  return count - (count % step);
}

/** Top-k experts must exist, and with group-limited routing inside the groups that a token may use: topK ≤ topKGroups · E'/groups. */
export function fewestExperts(facts: Facts, multipleOf: number): number {
  const perGroup = Math.ceil(facts.topK / Math.max(facts.topKGroups, 1));
  const step = countStep(facts, multipleOf);
  return downTo(perGroup * Math.max(facts.expertGroups, 1) + step - 1, step);
}

export function ratioOf({ experts }: Facts, kept: number): number {
  return experts === 0 ? 0 : (experts - kept) / experts;
}

function leastCommonMultiple(a: number, b: number): number {
  let [x, y] = [a, b];
  while (y !== 0) [x, y] = [y, x % y];
  return (a / x) * b;
}
