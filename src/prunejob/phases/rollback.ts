/**
 * `serving.rollbackRequested`: somebody wants the dense model back, although nothing went wrong.
 *
 * During a rollout it ends the run as any failure does. After Complete the run stays complete: it did what was asked, and this undoes the
 * hand-over alone. It begins only once: whatever stands in its way spends nothing, and it begins when that is gone.
 */
import { finalizer } from '../../api/names.ts';
import { compact } from '../compact.ts';
import { isAwaitingRollback } from '../handover/awaiting-rollback.ts';
import { handoverOf, type Handover } from '../handover/handover.ts';
import type { SameService } from '../observed.ts';
import { conditionOf, holds, isRollingOut, rolloutOf, type Run } from '../run.ts';
import { because } from '../handover/same-service.ts';
import { sameModel } from '../serving/fields.ts';
import { fail, lookAgainMs, type Step } from '../step.ts';
import { putBack, startPutBack, type Cause } from './put-back.ts';

const requested: Cause = { reason: 'RollbackRequested', message: 'serving.rollbackRequested asked for the previous model.' };

/** Before the terminal phase, which would leave a complete run alone. */
export function rollback(run: Run): Step | undefined {
  if (holds(run, 'Complete')) return undo(run);
  return isRequested(run) && isRollingOut(run) && !holds(run, 'Failed') ? startPutBack(run, requested) : undefined;
}

function isRequested({ spec: { serving } }: Run): boolean {
  return serving?.rollbackRequested === true;
}

/** Instead of a rollout that nobody wants any more; the service was never touched. */
export function rollbackBeforeRollout(run: Run): Step | undefined {
  if (!isRequested(run) || !holds(run, 'Published') || rolloutOf(run).startedAt !== undefined) return undefined;
  return fail(run, { reason: 'RolledBack', message: `serving.rollbackRequested was set before the rollout: the service was not touched. The pruned model stays at ${run.status.result?.uri ?? ''}.` }, 'Served');
}

/** Once begun it goes on, also when the wish is taken back: a service must not stay half way. */
function undo(run: Run): Step | undefined {
  if (!isAwaitingRollback(run.observed.pruneJob) || run.observed.service === 'NotAsked') return undefined;
  const handover = handoverOf(run);
  if (rolloutOf(run).rollbackStartedAt === undefined) return begin(run, handover);
  return (handover && waitForOther(run, handover)) ?? putBack(run);
}

/** Both may have begun before either could see the other: looked at once more before the first write. */
function waitForOther(run: Run, { service, target }: Handover): Step | undefined {
  const { sameService } = run.observed;
  if (sameService === undefined || !sameModel(service.fields, target)) return undefined;
  return sameService.first ? giveWay(run, sameService) : { phase: 'RollingBack', requeueAfterMs: lookAgainMs };
}

function giveWay(run: Run, other: SameService): Step {
  const rollout = compact({ ...rolloutOf(run), rollbackStartedAt: undefined, message: undefined });
  return {
    phase: 'Complete',
    conditions: [
      { type: 'Served', status: 'True', reason: 'Serving', message: 'The service still runs the pruned model.' },
      { type: 'RolledBack', status: 'False', ...because(other) },
    ],
    set: { serving: { ...run.status.serving, rollout } },
  };
}

function begin(run: Run, handover: Handover | undefined): Step | undefined {
  const { sameService } = run.observed;
  const obstacle = handover === undefined ? gone : ((sameService && because(sameService)) ?? obstacleOf(handover));
  if (obstacle !== undefined) return tell(run, obstacle);
  const started = startPutBack(run, requested);
  const held = (run.observed.pruneJob.metadata.finalizers ?? []).includes(finalizer);
  const served = { type: 'Served', status: 'Unknown', reason: 'RollingBack', message: 'The service is moved back to its previous model.' } as const;
  return { ...started, conditions: [served, ...(started.conditions ?? [])], actions: held ? [] : [{ kind: 'AddFinalizer' }] };
}

/** Once told, the end of the run has its own work to do. */
function tell(run: Run, obstacle: Cause): Step | undefined {
  const told = conditionOf(run, 'RolledBack');
  if (told?.reason === obstacle.reason && told.message === obstacle.message) return undefined;
  return { phase: 'Complete', conditions: [{ type: 'RolledBack', status: 'False', ...obstacle }] };
}

const gone: Cause = { reason: 'ServiceNotFound', message: 'The service does not exist any more, so there is nothing to roll back.' };

function obstacleOf({ service, previous, target }: Handover): Cause | undefined {
  if (sameModel(previous, target)) return { reason: 'NothingToRollBack', message: 'The service ran this model before this PruneJob too; its receipt names the PruneJob that moved it.' };
  if (sameModel(service.fields, target)) return undefined;
  return { reason: 'ServingConflict', message: 'The service was changed after this PruneJob moved it, so it is left alone; status.serving.previous holds the fields that it had before.' };
}
