/**
 * Asks the API server itself whether a PruneJob has a Job or a pod at work.
 *
 * A cache may lag behind the cluster by as long as its watch is down: a pod whose Job somebody deleted meanwhile is in none of the caches,
 * nor is a Job whose creation was never answered. Before what cannot be taken back, two reads are cheaper than two engines on one disk.
 */
import { labels } from '../api/names.ts';
import type { PruneJob } from '../api/v1alpha1/prunejob.ts';
import { isFinished } from '../prunejob/failure/failure.ts';
import type { Client, KubeObject } from '../runtime/types.ts';
import { hasEnded } from './last-pods.ts';
import { jobType, podType } from './resources.ts';
import type { LiveJob, LivePod } from './stores.ts';

/** Rejects where something is at work: the retry comes after the caches have told of it. */
export async function expectIdle(client: Pick<Client, 'list'>, { metadata: { namespace, uid } }: PruneJob): Promise<void> {
  const selection = { namespace, labelSelector: `${labels.pruneJobUid}=${uid}` };
  const [jobs, pods] = await Promise.all([client.list<LiveJob>(jobType, selection), client.list<LivePod>(podType, selection)]);
  const over = new Set(jobs.items.filter(isFinished).map(({ metadata }) => metadata.uid));
  const isAtWork = (pod: LivePod): boolean => !hasEnded(pod) && pod.metadata.ownerReferences?.some((owner) => over.has(owner.uid)) !== true;
  const working: KubeObject | undefined = jobs.items.find((job) => !isFinished(job)) ?? pods.items.find(isAtWork);
  if (working === undefined) return;
  throw new Error(`${working.kind} ${namespace}/${working.metadata.name} of this PruneJob is at work, which its watch has not told of yet; this is tried again by itself.`);
}
