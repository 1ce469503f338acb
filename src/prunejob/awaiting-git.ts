/**
 * Whether a run that has emitted its patch still looks at the service, and how soon again.
 *
 * A kind that is watched tells of itself, for ever and at no cost. One that has to be asked for is looked at ever more seldom and in the
 * end no more, because thousands of old PruneJobs whose patch nobody wants must not be thousands of requests.
 */
import type { Condition, PruneJob } from '../api/v1alpha1/prunejob.ts';
import { serviceKind } from './serving/registry.ts';
import { durationMs } from './units.ts';

const soonestMs = durationMs('10s');
const latestMs = durationMs('1h');
const patienceMs = durationMs('168h');

/** What has to come true by Git: that the patch is served, or the previous model again. */
export function awaitedOf({ spec: { serving } }: PruneJob): 'Served' | 'RolledBack' {
  return serving?.rollbackRequested === true ? 'RolledBack' : 'Served';
}

export function isAwaitingGit(pruneJob: PruneJob): boolean {
  const { spec, status } = pruneJob;
  if (spec.serving?.mode !== 'Emit' || status?.serving?.emitted === undefined) return false;
  const awaited: Condition | undefined = status.conditions?.find(({ type }) => type === awaitedOf(pruneJob));
  return awaited?.status !== 'True' && awaited?.reason !== 'NotDelivered';
}

/** Undefined where a watch tells; 0 when it has been waited for long enough. */
export function nextLookMs({ spec: { serving } }: PruneJob, waitedMs: number): number | undefined {
  const kind = serving === undefined ? undefined : serviceKind(serving.ref);
  if (kind === undefined || 'label' in kind.rendered) return undefined;
  // A tenth: it is noticed late by no more than a tenth of the time it took.
  return waitedMs >= patienceMs ? 0 : Math.min(Math.max(waitedMs / 10, soonestMs), latestMs);
}
