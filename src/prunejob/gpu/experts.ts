/** How many experts a layer can be left with: what the ratio says, what the router needs, what serving runtimes are built for. */
import type { ModelFacts } from './facts.ts';

/** The pinned rule E' = E − floor(E·ratio + 0.5); the engine applies the same, so a given ratio is never adjusted here. */
export function expertsKept({ experts }: ModelFacts, ratio: number): number {
  return experts - Math.floor(experts * ratio + 0.5);
}

export function ratioOf({ experts }: ModelFacts, kept: number): number {
  return experts === 0 ? 0 : (experts - kept) / experts;
}

/** In four decimals for a sentence, rounded so that it still does what the sentence says. */
export function ratioAtLeast(facts: ModelFacts, kept: number): number {
  return Math.ceil(ratioOf(facts, kept) * 1e4 - 1e-9) / 1e4;
}

export function ratioAtMost(facts: ModelFacts, kept: number): number {
  return Math.floor(ratioOf(facts, kept) * 1e4 + 1e-9) / 1e4;
}

/** Group-limited routers split the experts evenly, and so does expert parallelism. */
export function countStep({ expertGroups }: ModelFacts, multipleOf: number): number {
  return leastCommonMultiple(expertGroups, multipleOf);
}

export function downTo(count: number, step: number): number {
  return count - (count % step);
}

/**
 * The groups that a token may use must hold its top-k experts, topK ≤ topKGroups · E'/groups, and every group as many as the router
 * ranks it by: DeepSeek-V3 adds the scores of a group's two best.
 */
export function fewestExperts(facts: ModelFacts, multipleOf: number): number {
  const perGroup = Math.max(Math.ceil(facts.topK / facts.topKGroups), facts.rankingExperts);
  const step = countStep(facts, multipleOf);
  return downTo(perGroup * facts.expertGroups + step - 1, step);
}

/** vLLM's topk_softmax is compiled for these; its grouped kernel takes any count, and others of its kernels refuse the rest. */
const compiledCounts: readonly number[] = [1, 2, 4, 8, 16, 32, 64, 128, 192, 256, 320, 384, 448, 512, 576];

export function kernelWarnings({ experts }: ModelFacts, kept: number): string[] {
  if (kept === experts || compiledCounts.includes(kept)) return [];
  const list = compiledCounts.filter((count) => count <= Math.max(experts, 2)).join(', ');
  return [`vLLM compiles its routing kernels for ${list} experts a layer; ${kept} take a general one, which is slower and which not every family has. Start the pruned model once on your vLLM before you rely on it.`];
}

function leastCommonMultiple(a: number, b: number): number {
  let [x, y] = [a, b];
  while (y !== 0) [x, y] = [y, x % y];
  return (a / x) * b;
}
