/** What a plan is made of, and what comes out. */
import type { Facts } from './messages.ts';

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
  readonly refused: 'NotMoE' | 'RecipeInvalid' | 'TooFewExperts' | 'NoGPUSaved' | 'AlreadyFits' | 'GPUsUnavailable';
  readonly message: string;
}
