/** The way of a run from plan to service, as its conditions tell it: what is done, under way, failed, and still to come. */
import type { ConditionType } from '../api/conditions.ts';
import type { Condition, PruneJob } from '../api/v1alpha1/prunejob.ts';

export type State = 'Done' | 'Active' | 'Waiting' | 'Failed' | 'ToCome';

export interface Milestone {
  readonly type: ConditionType;
  readonly state: State;
  /** How long it took, or has taken so far. */
  readonly tookMs?: number;
  readonly message: string;
}

export function conditionOf({ status }: PruneJob, type: ConditionType): Condition | undefined {
  return status?.conditions?.find((condition) => condition.type === type);
}

export function holds(job: PruneJob, type: ConditionType): boolean {
  return conditionOf(job, type)?.status === 'True';
}

/** The run is over, and so is the way back of a run that was complete. */
export function isOver(job: PruneJob): boolean {
  return (holds(job, 'Complete') || holds(job, 'Failed')) && job.status?.phase !== 'RollingBack';
}

/** Every run passes these; a run without a service, and one that only plans, ends sooner. */
function way({ spec }: PruneJob): ConditionType[] {
  if (spec.planOnly === true) return ['Planned'];
  return ['Planned', 'Pruned', 'QualityAccepted', 'Published', ...(spec.serving === undefined ? [] : ['Served' as const])];
}

/** Told only when they have something to tell. */
const asides: readonly ConditionType[] = ['Queued', 'Suspended', 'ServingConflict'];

export function milestones(job: PruneJob, now: Date): Milestone[] {
  let since = Date.parse(job.metadata.creationTimestamp);
  const onTheWay = way(job).map((type): Milestone => {
    const found = conditionOf(job, type);
    const state = stateOf(job, found);
    if (state === 'ToCome') return { type, state, message: '' };
    const until = state === 'Done' || state === 'Failed' ? Date.parse(found?.lastTransitionTime ?? '') : now.getTime();
    const tookMs = Math.max(0, until - since);
    since = Math.max(since, until);
    return { type, state, tookMs, message: found?.message ?? '' };
  });
  return [...onTheWay, ...beside(job), ...theEnd(job)];
}

function stateOf(job: PruneJob, condition: Condition | undefined): State {
  if (condition === undefined) return 'ToCome';
  if (condition.status === 'True') return 'Done';
  if (condition.status === 'Unknown') return isOver(job) ? 'ToCome' : 'Active';
  return job.status?.waiting?.reason === condition.reason ? 'Waiting' : 'Failed';
}

function beside(job: PruneJob): Milestone[] {
  const rolledBack = conditionOf(job, 'RolledBack');
  const told = asides.filter((type) => holds(job, type)).map((type): Milestone => ({ type, state: type === 'ServingConflict' ? 'Failed' : 'Waiting', message: conditionOf(job, type)?.message ?? '' }));
  return rolledBack === undefined ? told : [...told, { type: 'RolledBack', state: stateOf(job, rolledBack), message: rolledBack.message }];
}

function theEnd(job: PruneJob): Milestone[] {
  const ends = [['Complete', 'Done'], ['Failed', 'Failed']] as const;
  return ends.filter(([type]) => holds(job, type)).map(([type, state]) => ({ type, state, message: conditionOf(job, type)?.message ?? '' }));
}
