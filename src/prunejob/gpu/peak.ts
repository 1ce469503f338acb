/** GPUs that a rollout occupies at worst. */
import type { ServiceSize, Strategy } from './plan-types.ts';

// Surge adds one new replica (maxSurge 1) before an old one goes; Canary does so while the canary, one replica too, still stands by.
export const newReplicasAtFirst: Readonly<Record<Strategy, number>> = { Canary: 2, Surge: 1, Recreate: 0 };

/** At its start, when all old replicas still run: afterwards each new replica lets an old one, which is no smaller, go. */
export function gpusAtPeak(strategy: Strategy, { replicas, gpusPerReplica }: ServiceSize, gpusOfNewReplica: number): number {
  return replicas * gpusPerReplica + newReplicasAtFirst[strategy] * gpusOfNewReplica;
}
