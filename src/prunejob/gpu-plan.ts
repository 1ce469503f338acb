/**
 * How many GPUs the service needs before and after pruning, from bytes alone and before any GPU is spent.
 *
 * Only fewer experts shrink dense tensors. Unstructured zeros are stored like any other number, so sparsity does not appear here.
 * Bytes stay exact: a rounded card or model would let a plan pass that does not fit.
 */
import type { Facts } from './messages.ts';
import { bytesText } from './units.ts';

export interface Sizing {
  readonly gpuMemory: number;
  readonly utilization: number;
  readonly overheadPerGPU: number;
  readonly maxModelLen: number;
  readonly maxConcurrency: number;
}

export interface ServiceSize {
  readonly replicas: number;
  readonly gpusPerReplica: number;
}

export interface Asked {
  readonly ratio?: number;
  readonly targetGPUs?: number;
  readonly multipleOf: number;
  readonly requireSaving: boolean;
}

export interface PlanInput {
  readonly facts: Facts;
  readonly service: ServiceSize;
  readonly sizing: Sizing;
  readonly asked: Asked;
  readonly strategy: 'Surge' | 'Recreate';
  /** GPUs that pods of the service may use, over all ready nodes. */
  readonly allocatableGPUs: number;
}

export interface Plan {
  readonly ratio: number;
  readonly expertsBefore: number;
  readonly expertsAfter: number;
  readonly gpusBefore: number;
  readonly gpusNeededBefore?: number;
  readonly gpusAfter: number;
  readonly gpusPeak: number;
  readonly tensorParallel: number;
  readonly bytesBefore: number;
  readonly bytesAfter: number;
  readonly kvTokensBefore: number;
  readonly kvTokensAfter: number;
  readonly reason: string;
}

export interface PlanRefusal {
  readonly refused: 'NotMoE' | 'TooFewExperts' | 'NoGPUSaved' | 'AlreadyFits' | 'GPUsUnavailable';
  readonly message: string;
}

export function planGPUs(input: PlanInput): Plan | PlanRefusal {
  const wanted = expertsWanted(input);
  if (typeof wanted !== 'number') return wanted;
  const plan = planFor(input, wanted);
  return refusal(input, plan) ?? plan;
}

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

function kvTokensThatFit(facts: Facts, sizing: Sizing, weights: number, size: number): number {
  const free = sizing.gpuMemory * sizing.utilization - sizing.overheadPerGPU - weights / size;
  // Beyond one GPU per KV head each further GPU holds a copy, so it adds no room for tokens.
  const perGPU = facts.kvBytesPerToken / Math.min(size, facts.kvHeads);
  if (free < 0) return -1;
  return perGPU === 0 ? Number.MAX_SAFE_INTEGER : Math.floor(free / perGPU);
}

function expertsWanted(input: PlanInput): number | PlanRefusal {
  const { facts, asked } = input;
  if (asked.ratio === undefined && asked.targetGPUs === undefined) return facts.experts;
  if (facts.experts === 0) return notMoE(facts);
  if (asked.ratio === undefined) return expertsForTarget(input, asked.targetGPUs ?? 0);
  const kept = expertsKept(facts, asked.ratio);
  return kept < fewestExperts(facts) ? tooFewExperts(facts, asked.ratio, kept) : kept;
}

function expertsForTarget(input: PlanInput, targetGPUs: number): number | PlanRefusal {
  return mostExperts(input, (gpus) => gpus <= targetGPUs) ?? {
    refused: 'TooFewExperts',
    message: `No number of experts from the router's top-k of ${input.facts.topK} up brings the service to ${targetGPUs} GPUs. Raise pruning.targetGPUs, or lower serving.sizing.maxModelLen or maxConcurrency.`,
  };
}

/** The largest number of experts, that is the smallest ratio, whose GPUs satisfy `enough`. */
function mostExperts({ facts, sizing, service, asked }: PlanInput, enough: (gpus: number) => boolean): number | undefined {
  // Group-limited routers and expert parallelism need counts that they can divide.
  const step = leastCommonMultiple(Math.max(facts.expertGroups, 1), asked.multipleOf);
  const most = facts.experts - (facts.experts % step);
  for (let kept = most; kept >= fewestExperts(facts); kept -= step) {
    const size = gpusNeeded(facts, sizing, bytesWith(facts, kept));
    if (size !== undefined && enough(size * service.replicas)) return kept;
  }
  return undefined;
}

/** Top-k experts must exist, and with group-limited routing inside the groups that a token may use. */
function fewestExperts({ topK, expertGroups, topKGroups }: Facts): number {
  const perGroup = Math.ceil(topK / Math.max(topKGroups, 1));
  return Math.max(topK, perGroup * Math.max(expertGroups, 1));
}

function planFor(input: PlanInput, expertsAfter: number): Plan {
  const { facts, sizing, service, strategy, asked } = input;
  const [bytesBefore, bytesAfter] = [facts.bytes.total, bytesWith(facts, expertsAfter)];
  const gpusBefore = service.gpusPerReplica * service.replicas;
  const neededBefore = gpusNeeded(facts, sizing, bytesBefore);
  // A service that runs today on fewer GPUs than the sizing asks for keeps them: its model only gets smaller.
  const neededAfter = gpusNeeded(facts, sizing, bytesAfter) ?? Infinity;
  const tensorParallel = Math.min(neededAfter, service.gpusPerReplica);
  const gpusAfter = tensorParallel * service.replicas;
  const tokens = (weights: number, size: number): number => Math.max(kvTokensThatFit(facts, sizing, weights, size), 0) * service.replicas;
  const plan = {
    ratio: asked.ratio ?? ratioOf(facts, expertsAfter), expertsBefore: facts.experts, expertsAfter,
    gpusBefore, ...(neededBefore === undefined ? {} : { gpusNeededBefore: neededBefore * service.replicas }), gpusAfter,
    // With maxSurge 1 one new replica stands beside all the old ones.
    gpusPeak: strategy === 'Surge' ? gpusBefore + tensorParallel : gpusBefore,
    tensorParallel, bytesBefore, bytesAfter,
    kvTokensBefore: tokens(bytesBefore, service.gpusPerReplica), kvTokensAfter: tokens(bytesAfter, tensorParallel),
  };
  return { ...plan, reason: reasonFor(input, plan, neededAfter <= tensorParallel) };
}

function ratioOf({ experts }: Facts, kept: number): number {
  return experts === 0 ? 0 : (experts - kept) / experts;
}

function refusal(input: PlanInput, plan: Plan): PlanRefusal | undefined {
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

function tooFewExperts(facts: Facts, ratio: number, kept: number): PlanRefusal {
  const most = (facts.experts - fewestExperts(facts)) / facts.experts;
  return {
    refused: 'TooFewExperts',
    message: `Ratio ${ratio} keeps ${kept} of ${facts.experts} experts, but the router's top-k of ${facts.topK} needs at least ${fewestExperts(facts)}. Set pruning.experts.ratio to at most ${downTo4(most)}.`,
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

function reasonFor({ facts, sizing, service }: PlanInput, plan: Omit<Plan, 'reason'>, fits: boolean): string {
  const experts = plan.expertsBefore === plan.expertsAfter ? 'No expert is removed:' : `Keeping ${plan.expertsAfter} of ${plan.expertsBefore} experts a layer,`;
  const cache = `KV cache for ${sizing.maxModelLen} × ${sizing.maxConcurrency} tokens (${bytesText(facts.kvBytesPerToken * sizing.maxModelLen * sizing.maxConcurrency)})`;
  const replicas = service.replicas === 1 ? '' : ` in each of ${service.replicas} replicas`;
  const verb = fits ? 'take' : 'do not fit';
  return (
    `${experts} weights of ${bytesText(plan.bytesAfter)} (before ${bytesText(plan.bytesBefore)}) and ${cache} ${verb} ${plan.tensorParallel} GPUs of ${bytesText(sizing.gpuMemory)}` +
    `${replicas} at utilization ${sizing.utilization}. Unstructured zeros save no GPU memory: only fewer experts do.`
  );
}

function leastCommonMultiple(a: number, b: number): number {
  let [x, y] = [a, b];
  while (y !== 0) [x, y] = [y, x % y];
  return (a / x) * b;
}

/** Rounded so that the suggested ratio still does what the sentence says: it is applied with floor(E·ratio + 0.5). */
function upTo4(ratio: number): number {
  return Math.ceil(ratio * 1e4 - 1e-9) / 1e4;
}

function downTo4(ratio: number): number {
  return Math.floor(ratio * 1e4 + 1e-9) / 1e4;
}
