/** Where a PruneJob is in its life, as the table of faults counts it. */
import { isTrue } from '../../src/prunejob/kube.ts';
import type { PruneJob } from '../../src/api/v1alpha1/prunejob.ts';

export const lifeStages = [
  'New', 'Pending', 'Inspecting', 'Planned', 'Queued', 'Pruning', 'Published', 'RollingOut', 'Verifying', 'RollingBack', 'Suspended', 'Deleting', 'Complete', 'Failed',
] as const;

export type LifeStage = (typeof lifeStages)[number];

export function lifeStageOf(pruneJob: PruneJob): LifeStage {
  const phase = pruneJob.status?.phase ?? 'New';
  if (pruneJob.metadata.deletionTimestamp !== undefined && !isOver(pruneJob)) return 'Deleting';
  // Both are an end. Nobody in the simulation asks for a patch alone.
  return phase === 'RolledBack' || phase === 'Emitted' ? 'Complete' : phase;
}

export function isOver({ status }: PruneJob): boolean {
  return isTrue(status?.conditions, 'Complete') || isTrue(status?.conditions, 'Failed');
}
