/**
 * What fits on how many GPUs, as vLLM counts: weights, overhead and KV cache within `utilization` of a card's whole memory.
 *
 * Bytes stay exact: a rounded card or model would let a plan pass that does not fit.
 */
import type { ModelFacts } from './facts.ts';
import type { Sizing, Tokens } from './plan-types.ts';

/** Experts and their router rows shrink with the count; everything else stays. */
export function bytesWith({ bytes, experts }: ModelFacts, kept: number): number {
  if (experts === 0) return bytes.total;
  const perCount = bytes.experts + bytes.routers;
  return bytes.total - perCount + Math.ceil((perCount * kept) / experts);
}

/** Sizes that split the attention heads evenly, and KV heads evenly or by whole copies. */
export function tensorParallelSizes({ attentionHeads, kvHeads }: ModelFacts): number[] {
  const sizes = Array.from({ length: attentionHeads }, (_, index) => index + 1);
  return sizes.filter((size) => attentionHeads % size === 0 && (kvHeads % size === 0 || size % kvHeads === 0));
}

const vocabularyPadding = 64;

/** vLLM also splits the embedding, whose vocabulary it pads to a multiple of 64; that rules out odd sizes beyond a node alone. */
export function splitWarnings({ architecture, vocabSize }: ModelFacts, size: number): string[] {
  if ((Math.ceil(vocabSize / vocabularyPadding) * vocabularyPadding) % size === 0) return [];
  return [`vLLM does not start ${architecture} on ${size} GPUs, because its vocabulary of ${vocabSize} does not divide by ${size}; take the number as "more than fit otherwise", or add pipeline parallelism.`];
}

/** KV cache of one sequence, over all layers and heads; behind its window a layer keeps nothing. */
export function sequenceBytes({ layers, kvBytesPerToken, slidingLayers, slidingWindow }: ModelFacts, tokens: number): number {
  const kept = (layers - slidingLayers) * tokens + slidingLayers * Math.min(tokens, slidingWindow);
  return (kvBytesPerToken / layers) * kept;
}

export function cacheBytes(facts: ModelFacts, { maxModelLen, maxConcurrency }: Tokens): number {
  return sequenceBytes(facts, maxModelLen) * maxConcurrency;
}

/** The smallest tensor-parallel size on which these weights and the asked KV cache fit; undefined if none does. */
export function gpusNeeded(facts: ModelFacts, sizing: Sizing, weights: number): number | undefined {
  const tokens = sizing.maxModelLen * sizing.maxConcurrency;
  return tensorParallelSizes(facts).find((size) => kvTokensThatFit(facts, sizing, weights, size) >= tokens);
}

/** Tokens in sequences of maxModelLen, as vLLM's log states its "GPU KV cache size"; 0 when not even the weights fit. */
export function kvTokensThatFit(facts: ModelFacts, sizing: Sizing, weights: number, size: number): number {
  const room = sizing.gpuMemory * sizing.utilization - sizing.overheadPerGPU - weights / size;
  if (room < 0) return 0;
  // Beyond one GPU per KV head each further GPU holds a copy, so it adds no room for tokens.
  const perToken = sequenceBytes(facts, sizing.maxModelLen) / sizing.maxModelLen / Math.min(size, facts.kvHeads);
  return perToken === 0 ? Number.MAX_SAFE_INTEGER : Math.floor(room / perToken);
}
