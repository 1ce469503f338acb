/**
 * Whether a complete run still looks at its service, because somebody wants the previous model back.
 *
 * Whoever reads the service has to know too: of one that nobody asked for, nothing can be put back.
 */
import type { ConditionType } from '../../api/conditions.ts';
import type { Condition, PruneJob } from '../../api/v1alpha1/prunejob.ts';

/** Once begun it goes on, also when the wish is taken back: a service must not stay half way. */
export function isAwaitingRollback(pruneJob: PruneJob): boolean {
  if (conditionOf(pruneJob, 'Complete')?.status !== 'True') return false;
  const { startedAt, rollbackStartedAt } = pruneJob.status?.serving?.rollout ?? {};
  if (rollbackStartedAt !== undefined) return conditionOf(pruneJob, 'RolledBack')?.status === 'Unknown';
  return startedAt !== undefined && mayBegin(pruneJob);
}

/** To one that is being deleted no finalizer can be added any more. */
function mayBegin({ metadata, spec }: PruneJob): boolean {
  return metadata.deletionTimestamp === undefined && spec.serving?.rollbackRequested === true;
}

function conditionOf({ status }: PruneJob, wanted: ConditionType): Condition | undefined {
  return status?.conditions?.find(({ type }) => type === wanted);
}
