/** Whether the world has come to rest, and why not. */
import { finalizer } from '../../src/api/names.ts';
import type { PruneJob } from '../../src/api/v1alpha1/prunejob.ts';
import type { World } from './actors/world.ts';
import { conditionOf, holds, pruneJobs, runningPodsOf, unfinishedJobsOf } from './invariants/questions.ts';
import { isOver } from './stages.ts';

export function restless(world: World): readonly string[] {
  return pruneJobs(world).flatMap((pruneJob) => {
    const why = reason(world, pruneJob);
    return why === undefined ? [] : [`PruneJob ${pruneJob.metadata.name} (${pruneJob.status?.phase ?? 'New'}) ${why}`];
  });
}

function reason(world: World, pruneJob: PruneJob): string | undefined {
  const { uid, deletionTimestamp, finalizers = [] } = pruneJob.metadata;
  if (deletionTimestamp !== undefined) return 'is still being deleted';
  if (unfinishedJobsOf(world, uid).length + runningPodsOf(world, uid).length > 0) return 'still has a Job that works';
  if (isToBeRolledBack(pruneJob)) return 'is to be rolled back';
  if (isOver(pruneJob)) return finalizers.includes(finalizer) ? 'is over and keeps its finalizer' : undefined;
  if (pruneJob.spec.suspend === true) return holds(pruneJob, 'Suspended') ? undefined : 'is to be suspended and does not say that it is';
  return 'is neither over nor suspended';
}

/** After its end; before it, this is one more way for a run to end. */
function isToBeRolledBack(pruneJob: PruneJob): boolean {
  const { spec, status } = pruneJob;
  if (spec.serving?.rollbackRequested !== true || !holds(pruneJob, 'Complete') || status?.serving?.rollout?.startedAt === undefined) return false;
  return (conditionOf(pruneJob, 'RolledBack')?.status ?? 'Unknown') === 'Unknown';
}
