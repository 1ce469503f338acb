/**
 * The way back: re-apply the saved fields, see the old model run, then let go of the fields.
 *
 * Letting go is dropping our managedFields entry; applying an empty configuration would make the fields vanish.
 */
import type { ConditionReason, FailedReason } from '../../api/conditions.ts';
import { compact } from '../compact.ts';
import type { Action } from '../decision.ts';
import { applyService, currentService, handoverOf, runs, type Handover } from '../handover.ts';
import { conditionOf, deletionDeadlineMs, elapsedMs, holds, rfc3339, rolloutOf, serviceRef, type Run } from '../run.ts';
import { needsRestore, restoredFields, returningFields } from '../serving/fields.ts';
import { stopJobs, type Step } from '../step.ts';
import { durationMs } from '../units.ts';

const lookAgainMs = 5000;
/** For this long a write of ours that was never seen may still be on its way to the caches. */
const unseenMs = 5000;

export interface Cause {
  readonly reason: ConditionReason;
  readonly message: string;
}

export function startPutBack(run: Run, { reason, message }: Cause): Step {
  const rollout = { ...rolloutOf(run), rollbackStartedAt: rfc3339(run.now), message };
  return {
    phase: 'RollingBack',
    conditions: [{ type: 'RolledBack', status: 'Unknown', reason, message }],
    set: { serving: { ...run.status.serving, rollout } },
    // Whatever still asks the canary asks in vain.
    actions: stopJobs(run),
    requeueAfterMs: lookAgainMs,
  };
}

export function putBack(run: Run): Step | undefined {
  const { rollbackStartedAt } = rolloutOf(run);
  if (rollbackStartedAt === undefined || conditionOf(run, 'RolledBack')?.status !== 'Unknown') return undefined;
  const handover = handoverOf(run);
  if (handover === undefined) return end(run, true);
  const since = elapsedMs(run, rollbackStartedAt);
  if (since > patienceMs(run, handover)) return giveUp(run, handover);
  return restore(run, handover, since) ?? (isBack(handover) ? settle(run, handover) : wait(run, handover));
}

/** A canary's pods hold GPUs as long as they are there. */
function isBack({ service, previous }: Handover): boolean {
  return service.canary === undefined && runs(service.running, previous);
}

function restore(run: Run, handover: Handover, since: number): Step | undefined {
  const { previous, target, service } = handover;
  if (isUndone(run)) return bringBack(run, handover);
  const unseen = rolloutOf(run).appliedAt === undefined && since < unseenMs;
  if (!unseen && service.fields.canary === undefined && !needsRestore(previous, target, service.fields)) return undefined;
  return { ...wait(run, handover), actions: [applyService(run, handover, restoredFields(previous, target, service.fields))] };
}

/** Everything but the way pods are replaced, which comes back when they have been. */
function bringBack(run: Run, handover: Handover): Step | undefined {
  const { previous, target, service } = handover;
  if (!needsRestore(previous, compact({ ...target, deploymentStrategy: previous.deploymentStrategy }), service.fields)) return undefined;
  return { ...wait(run, handover), actions: [...claim(run, handover), applyService(run, handover, returningFields(previous, target, service.fields))] };
}

/** The rollout let go when it was complete, and by server-side apply only what is ours goes when it is left out. */
function claim(run: Run, handover: Handover): Action[] {
  const { service, target } = handover;
  return service.managedByUs ? [] : [applyService(run, handover, restoredFields(target, target, service.fields))];
}

function settle(run: Run, handover: Handover): Step {
  const { previous, target, service } = handover;
  const ended = end(run, true);
  if (!needsRestore(previous, target, service.fields)) return ended;
  return { ...ended, actions: [applyService(run, handover, restoredFields(previous, target, service.fields)), ...(ended.actions ?? [])] };
}

/** Even after an outage that outlasted the patience: before the service is left alone, its fields are written back. */
function giveUp(run: Run, handover: Handover): Step {
  const { previous, target, service, serving } = handover;
  if (service.fields.canary === undefined && !needsRestore(previous, target, service.fields)) return end(run, false);
  const writeBack = applyService(run, handover, restoredFields(previous, target, service.fields));
  return { ...end(run, false), actions: [writeBack, { kind: 'ReleaseService', ref: serviceRef(run, serving) }] };
}

function wait({ status }: Run, { service }: Handover): Step {
  return { phase: 'RollingBack', set: { serving: { ...status.serving, current: currentService(service) } }, requeueAfterMs: lookAgainMs };
}

function patienceMs({ observed }: Run, { serving }: Handover): number {
  const timeout = durationMs(serving.timeout);
  // A timeout of a second may end a rollout, but must not end the way back before pods can start.
  const patience = Math.max(timeout, durationMs('5m'));
  return observed.pruneJob.metadata.deletionTimestamp === undefined ? patience : Math.min(patience, deletionDeadlineMs);
}

function end(run: Run, worked: boolean): Step {
  const cause = conditionOf(run, 'RolledBack');
  if (worked && cause?.reason === 'Suspended') return suspended(run);
  if (isUndone(run)) return undone(run, worked);
  if (cause?.reason === 'Deleted') return { conditions: [rolledBack(worked)], actions: release(run), requeueAfterMs: 0 };
  return failed(run, cause?.message ?? '', worked);
}

/** A run that is complete stays so: what is taken back is the hand-over. */
function isUndone(run: Run): boolean {
  return holds(run, 'Complete');
}

function undone(run: Run, worked: boolean): Step {
  if (run.observed.service === 'Missing') return { ...gone('serving.rollbackRequested asked for the previous model.', false), phase: 'RolledBack' };
  const message = worked ? 'The service runs its previous model again, as serving.rollbackRequested asked.' : 'serving.rollbackRequested asked for the previous model, but the service did not run it in time; look at its pods.';
  return {
    phase: 'RolledBack',
    conditions: [{ type: 'Served', status: 'False', reason: worked ? 'RolledBack' : 'RolloutFailed', message }, rolledBack(worked)],
    actions: release(run),
  };
}

/** The rollout begins anew when the run goes on. */
function suspended(run: Run): Step {
  const { current } = run.status.serving ?? {};
  return {
    phase: 'RollingBack',
    conditions: [{ type: 'RolledBack', status: 'Unknown', reason: 'PutBack', message: 'The service runs as before; the rollout begins anew when the run goes on.' }],
    set: { serving: current === undefined ? {} : { current } },
    actions: release(run),
  };
}

function failed(run: Run, why: string, worked: boolean): Step {
  if (run.observed.service === 'Missing') return gone(why);
  const reason = worked ? (gateReason(run) ?? 'RolledBack') : 'RolloutFailed';
  const message = worked ? `${why} The service was put back and runs as before.` : `${why} The service's previous fields were written back, but its pods did not come up with them in time; look at its pods.`;
  return {
    phase: 'Failed',
    conditions: [{ type: 'Served', status: 'False', reason, message }, rolledBack(worked), { type: 'Failed', status: 'True', reason, message }],
    actions: release(run),
  };
}

/** Of a gate that did not let the service move. */
function gateReason(run: Run): FailedReason | undefined {
  const gate = conditionOf(run, 'QualityAccepted');
  return gate?.status === 'False' ? (gate.reason as FailedReason) : undefined;
}

function gone(why: string, fails = true): Step {
  const failure = { reason: 'ServiceNotFound', message: `${why} Then the service was deleted, so there is nothing to put back.` } as const;
  const ends = fails ? [{ type: 'Failed', status: 'True', ...failure } as const] : [];
  return {
    phase: 'Failed',
    conditions: [{ type: 'Served', status: 'False', ...failure }, { type: 'RolledBack', status: 'False', ...failure }, ...ends],
  };
}

function rolledBack(worked: boolean): { type: 'RolledBack'; status: 'True' | 'False'; reason: 'PutBack' | 'RolloutFailed'; message: string } {
  return worked
    ? { type: 'RolledBack', status: 'True', reason: 'PutBack', message: 'The service runs as before the rollout.' }
    : { type: 'RolledBack', status: 'False', reason: 'RolloutFailed', message: 'The previous fields are back, but the pods did not follow in time.' };
}

/** Values stay, and nobody owns them for us. */
export function release(run: Run): Action[] {
  const { service } = run.observed;
  if (typeof service === 'string' || !service.managedByUs || run.spec.serving === undefined) return [];
  return [{ kind: 'ReleaseService', ref: serviceRef(run, run.spec.serving) }];
}
