/** Where a PruneJob is in its life, as the table of faults counts it. */
import { condition, isTrue } from '../../src/prunejob/kube.ts';
import type { PruneJob } from '../../src/api/v1alpha1/prunejob.ts';

export const lifeStages = [
  'New', 'Pending', 'Waiting', 'Inspecting', 'Planned', 'Queued', 'Pruning', 'Published', 'RollingOut', 'Evaluating', 'Verifying', 'RollingBack', 'Suspended', 'Deleting', 'Complete', 'Failed',
] as const;

export type LifeStage = (typeof lifeStages)[number];

export function lifeStageOf(pruneJob: PruneJob): LifeStage {
  const phase = pruneJob.status?.phase ?? 'New';
  if (pruneJob.metadata.deletionTimestamp !== undefined && !isOver(pruneJob)) return 'Deleting';
  if (isWaiting(pruneJob)) return 'Waiting';
  if (isEvaluating(pruneJob)) return 'Evaluating';
  // Both are an end. Nobody in the simulation asks for a patch alone.
  return phase === 'RolledBack' || phase === 'Emitted' ? 'Complete' : phase;
}

/** For another PruneJob of its service. */
function isWaiting({ status }: PruneJob): boolean {
  const waits = ['Pending', 'Published', 'RollingOut'].includes(status?.phase ?? '');
  return waits && ['Planned', 'Served'].some((type) => condition(status?.conditions, type)?.reason === 'SameServiceInProgress');
}

/** A Job asks the canary and the service. */
function isEvaluating({ status }: PruneJob): boolean {
  const { evaluation, evaluatedAt } = status?.serving?.rollout ?? {};
  return status?.phase === 'RollingOut' && evaluation !== undefined && evaluatedAt === undefined;
}

export function isOver({ status }: PruneJob): boolean {
  return isTrue(status?.conditions, 'Complete') || isTrue(status?.conditions, 'Failed');
}
