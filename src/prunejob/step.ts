/** What a phase answers: the changes it wants. Everything it does not mention stays as it was. */
import type { ConditionReason, ConditionUpdate, FailedReason } from '../api/conditions.ts';
import type { PruneJobStatus } from '../api/v1alpha1/prunejob.ts';
import type { Action } from './decision.ts';
import type { Failure } from './failure/failure.ts';
import { elapsedMs, isBeingDeleted, holds, rfc3339, unfinishedChildren, waitForMs, type Run } from './run.ts';

export interface Step {
  readonly phase?: NonNullable<PruneJobStatus['phase']>;
  readonly conditions?: readonly ConditionUpdate[];
  readonly set?: Partial<PruneJobStatus>;
  readonly clear?: readonly (keyof PruneJobStatus)[];
  readonly actions?: readonly Action[];
  readonly requeueAfterMs?: number;
  /** Unlike the rest, a wait that a step does not mention is over. */
  readonly waiting?: NonNullable<PruneJobStatus['waiting']>;
}

/** A phase that has nothing to do answers undefined, and the next one is asked. */
export type Phase = (run: Run) => Step | undefined;

/** What nobody tells us of (a ServiceAccount, a bucket) is looked at again this often. */
export const lookAgainMs = 10_000;

/** The end of a run, with the condition of the stage that could not be passed. */
export function fail(run: Run, { reason, message }: Failure, stage?: ConditionUpdate['type']): Step {
  const failure = { reason, message };
  const failed = { ...failure, status: 'True', type: 'Failed' } as const;
  const passed = stage === undefined ? [] : [{ ...failure, status: 'False', type: stage } as const];
  return { phase: 'Failed', conditions: [...dequeued(run), ...passed, failed], actions: stopJobs(run) };
}

/** A Job may end before anybody saw it run; then nothing else would end its wait. */
export function dequeued(run: Run): ConditionUpdate[] {
  return holds(run, 'Queued') ? [{ type: 'Queued', status: 'False', reason: 'Finished', message: 'Nothing waits any more.' }] : [];
}

export function stopJobs(run: Run): Action[] {
  const running = unfinishedChildren(run).filter((child) => !isBeingDeleted(child));
  return running.map(({ job }) => ({ kind: 'DeleteJob', name: job.metadata.name, uid: job.metadata.uid ?? '' }));
}

export interface Missing {
  readonly type: 'Planned' | 'Queued' | 'Served';
  /** The condition's status while waiting. */
  readonly status: 'True' | 'False';
  readonly reason: FailedReason;
  /** The condition's reason while waiting, where the end is called something else. */
  readonly whileWaiting?: ConditionReason;
  readonly message: string;
}

/**
 * GitOps applies things in any order, so what is missing is waited for, and only then a failure.
 *
 * Each wait has its own start in the status: the condition's transition time is older when another reason gave the same status before.
 */
export function waitThenFail(run: Run, phase: NonNullable<Step['phase']>, missing: Missing): Step {
  const { type, status, message } = missing;
  const reason = missing.whileWaiting ?? missing.reason;
  const wait = waitOf(run, reason);
  if (wait === undefined) return fail(run, { reason: missing.reason, message }, type === 'Queued' ? undefined : type);
  return { phase, conditions: [{ type, status, reason, message }], ...wait };
}

/** Undefined once serving.waitFor is over. */
export function waitOf(run: Run, reason: ConditionReason): Required<Pick<Step, 'waiting' | 'requeueAfterMs'>> | undefined {
  const before = run.status.waiting;
  const since = before?.reason === reason ? before.since : rfc3339(run.now);
  const remaining = waitForMs(run) - elapsedMs(run, since);
  return remaining <= 0 ? undefined : { waiting: { reason, since }, requeueAfterMs: Math.min(remaining, lookAgainMs) };
}
