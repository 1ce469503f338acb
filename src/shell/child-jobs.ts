/** The engine Jobs of a PruneJob, also those that are gone while a pod of theirs is still there. */
import { labels } from '../api/names.ts';
import type { PruneJob } from '../api/v1alpha1/prunejob.ts';
import type { Stage } from '../prunejob/observed.ts';
import { hasEnded } from './last-pods.ts';
import type { LiveJob, LivePod, Stores } from './stores.ts';

const stages: readonly Stage[] = ['inspect', 'prune', 'evaluate', 'clean'];

/** Whoever knows the uid can write it into an owner reference anywhere; the Jobs of a PruneJob are in its own namespace. */
export function ownJobs(stores: Stores, pruneJob: PruneJob): LiveJob[] {
  const { uid, namespace } = pruneJob.metadata;
  return [...stores.jobs.byIndex('owner', uid).filter(({ metadata }) => metadata.namespace === namespace), ...deletedJobs(stores, pruneJob)];
}

/**
 * Who deletes a Job mostly leaves its pods to the garbage collector, and they may take a minute to end. Until then the Job counts as one
 * that is being deleted: its pod still has its GPU and still writes.
 */
function deletedJobs({ jobs, enginePods }: Stores, { metadata: { uid, namespace } }: PruneJob): LiveJob[] {
  const pods = enginePods.byIndex('pruneJob', uid).filter((pod) => pod.metadata.namespace === namespace && !hasEnded(pod));
  const gone = pods.flatMap((pod) => jobThatWas(pod) ?? []).filter(({ metadata }) => jobs.get(`${namespace}/${metadata.name}`)?.metadata.uid !== metadata.uid);
  return [...new Map(gone.map((job) => [job.metadata.uid, job])).values()];
}

function jobThatWas({ metadata: { namespace = '', labels: marks = {}, ownerReferences = [], creationTimestamp = '' } }: LivePod): LiveJob | undefined {
  const owner = ownerReferences.find(({ controller }) => controller);
  if (owner === undefined) return undefined;
  const { apiVersion, kind, name, uid } = owner;
  return { apiVersion, kind, metadata: { name, namespace, uid, labels: marks, creationTimestamp, deletionTimestamp: creationTimestamp }, status: {} };
}

export function childJob(job: LiveJob): { readonly stage: Stage; readonly attempt: number; readonly job: LiveJob }[] {
  const stage = stages.find((candidate) => candidate === job.metadata.labels?.[labels.stage]);
  const attempt = Number(job.metadata.labels?.[labels.attempt]);
  return stage === undefined || !Number.isInteger(attempt) ? [] : [{ stage, attempt, job }];
}
