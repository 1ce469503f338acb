/**
 * The finalizer comes before the first thing that a run makes: from then on, a deletion must leave nothing half-published behind.
 *
 * In the same turn, because a turn of its own would cost every run a round trip through the API server and the caches.
 */
import { finalizer } from '../api/names.ts';
import type { Run } from './run.ts';
import type { Step } from './step.ts';

export function guarded({ observed }: Run, step: Step | undefined): Step | undefined {
  const { pruneJob, childJobs } = observed;
  const actions = step?.actions ?? [];
  if ((pruneJob.metadata.finalizers ?? []).includes(finalizer) || (actions.length === 0 && childJobs.length === 0)) return step;
  return { ...step, actions: [{ kind: 'AddFinalizer' }, ...actions] };
}
