/**
 * Whether a run that has emitted its patch still looks at the service, and how soon again.
 *
 * A kind that is watched tells of itself, for ever and at no cost. One that has to be asked for is looked at ever more seldom and in the
 * end no more, because thousands of old PruneJobs whose patch nobody wants must not be thousands of requests.
 */
import type { ConditionType } from '../../api/conditions.ts';
import type { Condition, PruneJob } from '../../api/v1alpha1/prunejob.ts';
import { serviceKind } from '../serving/registry.ts';
import { durationMs } from '../units.ts';

const soonestMs = durationMs('10s');
const latestMs = durationMs('1h');
const patienceMs = durationMs('168h');

/** What has to come true by Git: that the patch is served, or the previous model again. */
export function awaitedOf({ spec: { serving } }: PruneJob): 'Served' | 'RolledBack' {
  return serving?.rollbackRequested === true ? 'RolledBack' : 'Served';
}

export function isAwaitingGit(pruneJob: PruneJob): boolean {
  const complete = conditionOf(pruneJob, 'Complete');
  if (complete?.status !== 'True' || complete.reason !== 'Emitted') return false;
  const awaited = conditionOf(pruneJob, awaitedOf(pruneJob));
  return awaited?.status !== 'True' && awaited?.reason !== 'NotDelivered';
}

function conditionOf({ status }: PruneJob, wanted: ConditionType): Condition | undefined {
  return status?.conditions?.find(({ type }) => type === wanted);
}

/** Whether somebody has to look by the clock, because no watch tells of this service. */
export function isUnwatched({ spec: { serving } }: PruneJob): boolean {
  const kind = serving === undefined ? undefined : serviceKind(serving.ref);
  return kind !== undefined && 'selector' in kind.rendered;
}

/** By a tenth: it is noticed late by no more than a tenth of the time it took. Undefined when it has been waited for long enough. */
export function nextLookMs(waitedMs: number): number | undefined {
  return waitedMs >= patienceMs ? undefined : Math.min(Math.max(waitedMs / 10, soonestMs), latestMs);
}
