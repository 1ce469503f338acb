/** A run that is over never starts a pod again, whatever is deleted under it: its scratch goes, and its Jobs' time to live may still change. */
import { finalizer } from '../../api/names.ts';
import type { Action } from '../decision.ts';
import { isFinished } from '../failure/failure.ts';
import { holds, type Run } from '../run.ts';
import { dropScratch, hasClaim } from '../engine/scratch.ts';
import type { Step } from '../step.ts';

/** Kubernetes keeps a deleted claim while a pod refers to it, a finished one too: long enough to read a log, short for a disk of terabytes. */
const claimHoldersSeconds = 600;

export function terminal(run: Run): Step | undefined {
  if (!holds(run, 'Complete') && !holds(run, 'Failed')) return undefined;
  return { actions: [...ttlUpdates(run), ...dropScratch(run), ...releaseFinalizer(run)] };
}

/** Only now, because until the result is in the status a Job that vanished would run again. */
function ttlUpdates({ observed, spec }: Run): Action[] {
  const ttl = spec.ttlSecondsAfterFinished ?? (hasClaim(spec.runner) ? claimHoldersSeconds : undefined);
  if (ttl === undefined) return [];
  const stale = observed.childJobs.filter(({ job }) => isFinished(job) && job.metadata.deletionTimestamp === undefined && job.spec?.ttlSecondsAfterFinished !== ttl);
  return stale.map(({ job }) => ({ kind: 'UpdateJob', name: job.metadata.name, uid: job.metadata.uid ?? '', spec: { ttlSecondsAfterFinished: ttl } }));
}

export function releaseFinalizer({ observed }: Run): { readonly kind: 'RemoveFinalizer' }[] {
  return (observed.pruneJob.metadata.finalizers ?? []).includes(finalizer) ? [{ kind: 'RemoveFinalizer' }] : [];
}
