/**
 * The way back: re-apply the saved fields, see the old model run, then let go of the fields.
 *
 * Letting go is dropping our managedFields entry; applying an empty configuration would make the fields vanish.
 */
import type { ConditionReason, ConditionUpdate, FailedReason } from '../../api/conditions.ts';
import type { Action, ServiceAction } from '../decision.ts';
import { applyService, currentService, handoverOf, ifSeen, leftReceipt, type Handover } from '../handover/handover.ts';
import { gone, notInTime, outcomeOf, waitsForItsOwn, untouched, type Outcome } from '../handover/put-back-outcome.ts';
import { conditionOf, deletionDeadlineMs, elapsedMs, holds, isBound, rfc3339, rolloutOf, serviceRef, type Run } from '../run.ts';
import { isRestored, needsRestore, restoredFields, returningFields, sameModel } from '../serving/fields.ts';
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
  if (handover === undefined) return end(run, gone);
  // Nothing is let go either: what is owned there is the other's.
  if (isUntouched(run, handover)) return { ...end(run, untouched), actions: [] };
  const since = elapsedMs(run, rollbackStartedAt);
  if (since > patienceMs(run, handover)) return giveUp(run, handover);
  return restore(run, handover, since) ?? settle(run, handover) ?? wait(run, handover);
}

/** It only waited for another PruneJob, whose canary or model a way back would take away. A write whose note was lost left its receipt. */
function isUntouched(run: Run, handover: Handover): boolean {
  return run.observed.sameService !== undefined && !isBound(rolloutOf(run)) && !leftReceipt(handover);
}

/** Everything but the way pods are replaced, which comes back when they have been. */
function restore(run: Run, handover: Handover, since: number): Step | undefined {
  const { back, target, final, service } = handover;
  const unseen = rolloutOf(run).appliedAt === undefined && since < unseenMs;
  if (!unseen && service.fields.canary === undefined && isRestored(back, final, service.fields)) return undefined;
  const write = hasMoved(run, handover) ? bringBack(run, handover) : applyService(run, handover, restoredFields(back, target, service.fields));
  const [first, ...rest] = [...claim(run, handover), write] as const;
  // A rollback after the end promises to leave a service alone that somebody has changed since.
  return { ...wait(run, handover), actions: [isUndone(run) ? ifSeen(handover, first) : first, ...rest] };
}

/** By the strategy that they came by. */
function bringBack(run: Run, handover: Handover): ServiceAction {
  const { back, target, service } = handover;
  return applyService(run, handover, returningFields(back, target, service.fields));
}

/** Of a service that only had a canary, no pod is replaced on the way back. */
function hasMoved(run: Run, { back, service }: Handover): boolean {
  const { writtenAt, appliedAt = writtenAt } = rolloutOf(run);
  return appliedAt !== undefined || !sameModel(service.fields, back);
}

/** The rollout lets go at its end, also where nobody wrote that down, and by server-side apply only what is ours goes when it is left out. */
function claim(run: Run, handover: Handover): ServiceAction[] {
  const { service, back, target } = handover;
  return service.managedByUs || !needsRestore(back, target, service.fields) ? [] : [applyService(run, handover, restoredFields(target, target, service.fields))];
}

function settle(run: Run, handover: Handover): Step | undefined {
  const outcome = outcomeOf(handover);
  if (outcome === undefined) return undefined;
  const ended = end(run, outcome);
  return { ...ended, actions: [...writeBack(run, handover), ...(ended.actions ?? [])] };
}

/**
 * Even after an outage that outlasted the patience: before the service is left alone, its fields are written back.
 *
 * What is refused now would be refused for ever, and with it the end of the run and its finalizer.
 */
function giveUp(run: Run, handover: Handover): Step {
  const ended = end(run, outcomeOf(handover) ?? notInTime(handover));
  const written = waitsForItsOwn(handover) ? [bringBack(run, handover)] : writeBack(run, handover);
  const letGo: Action[] = written.length === 0 ? release(run) : [{ kind: 'ReleaseService', ref: serviceRef(run, handover.serving) }];
  return { ...ended, actions: [...written, ...letGo].map((action) => ({ ...action, bestEffort: true })) };
}

function writeBack(run: Run, handover: Handover): ServiceAction[] {
  const { back, target, service } = handover;
  if (service.fields.canary === undefined && isRestored(back, target, service.fields)) return [];
  return [applyService(run, handover, restoredFields(back, target, service.fields))];
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

function end(run: Run, outcome: Outcome): Step {
  const cause = conditionOf(run, 'RolledBack');
  if (isUndone(run)) return undone(run, outcome);
  if (cause?.reason === 'Suspended' && outcome.reason !== 'RolloutFailed') return suspended(run, outcome);
  if (cause?.reason === 'Deleted') return { conditions: [rolledBack(outcome)], actions: release(run), requeueAfterMs: 0 };
  return failed(run, cause?.message ?? '', outcome);
}

/** A run that is complete stays so: what is taken back is the hand-over. */
function isUndone(run: Run): boolean {
  return holds(run, 'Complete');
}

function undone(run: Run, outcome: Outcome): Step {
  const message = `serving.rollbackRequested asked for the previous model. ${outcome.message}`;
  const reason = outcome.reason === 'PutBack' ? 'RolledBack' : outcome.reason;
  return { phase: 'RolledBack', conditions: [{ type: 'Served', status: 'False', reason, message }, rolledBack(outcome)], actions: release(run) };
}

/** The rollout begins anew when the run goes on. */
function suspended(run: Run, outcome: Outcome): Step {
  const { service } = run.observed;
  return {
    phase: 'RollingBack',
    conditions: [{ type: 'RolledBack', status: 'Unknown', reason: 'PutBack', message: `${outcome.message} The rollout begins anew when the run goes on.` }],
    ...(typeof service === 'string' ? { clear: ['serving'] } : { set: { serving: { current: currentService(service) } } }),
    actions: release(run),
  };
}

function failed(run: Run, why: string, outcome: Outcome): Step {
  const reason = outcome.reason === 'PutBack' ? (gateReason(run) ?? 'RolledBack') : outcome.reason;
  const message = `${why} ${outcome.message}`;
  return {
    phase: 'Failed',
    conditions: [{ type: 'Served', status: 'False', reason, message }, decidedBy(run, rolledBack(outcome)), { type: 'Failed', status: 'True', reason, message }],
    actions: release(run),
  };
}

/** Of a gate that did not let the service move. */
function gateReason(run: Run): FailedReason | undefined {
  const gate = conditionOf(run, 'QualityAccepted');
  return gate?.status === 'False' ? (gate.reason as FailedReason) : undefined;
}

function rolledBack({ reason, message }: Outcome): ConditionUpdate {
  return { type: 'RolledBack', status: reason === 'PutBack' ? 'True' : 'False', reason, message };
}

/** Then no pod failed, and whoever watches for failures must not be told so. */
const decisions: readonly ConditionReason[] = ['RollbackRequested', 'ServingConflict', 'ServiceNotAllowed', 'ServiceChanged', 'UnsupportedService'];

function decidedBy(run: Run, ended: ConditionUpdate): ConditionUpdate {
  const cause = decisions.find((reason) => reason === conditionOf(run, 'RolledBack')?.reason);
  return ended.status === 'True' && cause !== undefined ? { ...ended, reason: cause } : ended;
}

/** Values stay, and nobody owns them for us. */
export function release(run: Run): Action[] {
  const { service } = run.observed;
  if (typeof service === 'string' || !service.managedByUs || run.spec.serving === undefined) return [];
  return [{ kind: 'ReleaseService', ref: serviceRef(run, run.spec.serving) }];
}
