/** What a plan is made of, and what comes out. */
import type { ModelFacts } from './facts.ts';

/** What the KV cache must hold: so many sequences of that length at once. */
export interface Tokens {
  readonly maxModelLen: number;
  readonly maxConcurrency: number;
}

export interface Sizing extends Tokens {
  /** Bytes of one card, all of it. */
  readonly gpuMemory: number;
  readonly utilization: number;
  readonly overheadPerGPU: number;
  /** The tokens are those that the service's own arguments promise, because less was asked for. */
  readonly tokensOfService?: boolean;
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

export type Strategy = 'Canary' | 'Surge' | 'Recreate';

/** What a plan is asked with no service at hand. */
export interface WhatIf {
  readonly facts: ModelFacts;
  readonly sizing: Sizing;
  readonly asked: Omit<Asked, 'requireSaving'>;
  readonly strategy: Strategy;
}

export interface PlanInput {
  readonly facts: ModelFacts;
  readonly service: ServiceSize;
  readonly sizing: Sizing;
  readonly asked: Asked;
  readonly strategy: Strategy;
  /** GPUs that pods of the service may use, over all nodes that take them. */
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
  /** What may still go wrong with a plan that is not refused, as sentences. */
  readonly warnings: readonly string[];
}

export interface PlanRefusal {
  readonly refused: 'NotMoE' | 'RecipeInvalid' | 'TooFewExperts' | 'NoGPUSaved' | 'AlreadyFits' | 'GPUsUnavailable';
  readonly message: string;
  /** What was refused, where it could be counted at all. */
  readonly plan?: Plan;
}
