/**
 * Whose the replicas of a service are that a canary raised: the rollout's for as long as they are as it left them.
 *
 * A third value is a user's or an autoscaler's. Written back it would undo a scale-up for good, so from then on it is left alone.
 */
import { compact } from '../compact.ts';
import { holds, rolloutOf, type Run } from '../run.ts';
import type { Canary, ServiceFields } from '../serving/adapter.ts';

/** The saved fields, with the replicas only as far as they are the rollout's to write. `canary`: of these fields. */
export function withReplicas(run: Run, saved: ServiceFields, live: ServiceFields, canary: Canary | undefined): ServiceFields {
  const asked = live.stable?.minReplicas;
  if (canary === undefined || asked === saved.stable?.minReplicas) return saved;
  // A canary that is there was written also when the service was saved again since.
  if (live.canary === undefined && rolloutOf(run).canaryWrittenAt === undefined) return compact({ ...saved, stable: live.stable });
  if (asked === canary.minReplicas && !holds(run, 'Complete')) return saved;
  return { ...saved, stable: compact({ ...saved.stable, minReplicas: undefined }) };
}

/** What to save of a service that was changed beside its canary: not the replicas that were raised for it. */
export function withoutRaise(live: ServiceFields, saved: ServiceFields, raised: number | undefined): ServiceFields {
  return raised !== undefined && live.stable?.minReplicas === raised ? compact({ ...live, stable: saved.stable }) : live;
}
