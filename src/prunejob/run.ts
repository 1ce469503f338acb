/** What every phase gets, and the questions that more than one of them asks. */
import type { ConditionType } from '../api/conditions.ts';
import type { Condition, PruneJobSpec, PruneJobStatus, RolloutStatus, ServingSpec } from '../api/v1alpha1/prunejob.ts';
import type { ServiceRef } from './decision.ts';
import { isFinished } from './failure/failure.ts';
import type { ChildJob, Observed, Stage } from './observed.ts';
import { durationMs } from './units.ts';

export interface Run {
  readonly observed: Observed;
  readonly now: Date;
  readonly spec: PruneJobSpec;
  /** As it was before this decision. */
  readonly status: PruneJobStatus;
}

export function runOf(observed: Observed, now: Date): Run {
  return { observed, now, spec: observed.pruneJob.spec, status: observed.pruneJob.status ?? {} };
}

export function conditionOf({ status }: Run, type: ConditionType): Condition | undefined {
  return status.conditions?.find((condition) => condition.type === type);
}

export function holds(run: Run, type: ConditionType): boolean {
  return conditionOf(run, type)?.status === 'True';
}

/** Of several attempts the last one counts. */
export function latestChild({ observed }: Run, stage: Stage): ChildJob | undefined {
  return observed.childJobs.filter((child) => child.stage === stage).sort((a, b) => a.attempt - b.attempt).at(-1);
}

/** Also those that are being deleted: their pod may still run. */
export function unfinishedChildren({ observed }: Run): ChildJob[] {
  return observed.childJobs.filter(({ job }) => !isFinished(job));
}

export function isBeingDeleted({ job }: ChildJob): boolean {
  return job.metadata.deletionTimestamp !== undefined;
}

export function serviceRef({ observed }: Run, { ref }: ServingSpec): ServiceRef {
  return { ...ref, namespace: observed.pruneJob.metadata.namespace };
}

export function rolloutOf({ status }: Run): RolloutStatus {
  return status.serving?.rollout ?? {};
}

/** Something was asked of the service: a canary was a first write. Until then there is nothing to put back. */
export function hasWritten({ canaryWrittenAt, writtenAt }: RolloutStatus): boolean {
  return canaryWrittenAt !== undefined || writtenAt !== undefined;
}

/** It has written, or has found that there was nothing to write. */
export function isBound(rollout: RolloutStatus): boolean {
  return hasWritten(rollout) || rollout.appliedAt !== undefined;
}

/** From the saved fields to the end, good or bad, the service must not be left alone. */
export function isRollingOut(run: Run): boolean {
  const { startedAt, rollbackStartedAt } = rolloutOf(run);
  return startedAt !== undefined && rollbackStartedAt === undefined && !holds(run, 'Served');
}

/** A finalizer that waits for ever blocks namespaces. */
export const deletionDeadlineMs = 600_000;

/** Kubernetes writes times in whole seconds. */
export function rfc3339(time: Date): string {
  return `${time.toISOString().slice(0, 19)}Z`;
}

export function elapsedMs(run: Run, since: string): number {
  return run.now.getTime() - Date.parse(since);
}

/** How long things that are not there yet are waited for, also where there is no service. */
export function waitForMs({ spec }: Run): number {
  return durationMs(spec.serving?.waitFor ?? '10m');
}
