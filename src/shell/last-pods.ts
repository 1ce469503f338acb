/**
 * The pods of a Job that has just ended.
 *
 * Two watches have no common order: a Job may be seen Complete while its pod is still seen running. The pod holds the engine's last
 * words, and without them a finished run would look like one to start again, on a GPU. So where the cache has no ended pod, the API
 * server is asked; that is seldom, and never for a PruneJob that is over.
 */
import { labels } from '../api/names.ts';
import { isTrue, type Pod } from '../prunejob/kube.ts';
import type { Client, ObjectStore } from '../runtime/types.ts';
import { podType } from './resources.ts';
import type { LiveJob, LivePod } from './stores.ts';

export async function lastPods(client: Pick<Client, 'list'>, enginePods: ObjectStore<LivePod>, job: LiveJob): Promise<readonly LivePod[]> {
  const uid = job.metadata.uid ?? '';
  const cached = enginePods.byIndex('owner', uid);
  if (tellsTheEnd(job, cached)) return cached;
  const { items } = await client.list<LivePod>(podType, { namespace: job.metadata.namespace ?? '', labelSelector: selector(job) });
  return items.filter((pod) => pod.metadata.ownerReferences?.some((owner) => owner.uid === uid));
}

/** An earlier try that failed says nothing about how a Job came to be Complete, nor an ended pod about another that may still speak. */
function tellsTheEnd({ status }: LiveJob, pods: readonly Pod[]): boolean {
  if (isTrue(status?.conditions, 'Complete')) return pods.some((pod) => pod.status?.phase === 'Succeeded');
  if (isTrue(status?.conditions, 'Failed')) return pods.length > 0 && pods.every(hasEnded);
  return true;
}

export function hasEnded({ status }: Pod): boolean {
  return status?.phase === 'Succeeded' || status?.phase === 'Failed';
}

function selector({ metadata }: LiveJob): string {
  return [labels.pruneJobUid, labels.stage, labels.attempt].map((label) => `${label}=${metadata.labels?.[label] ?? ''}`).join(',');
}
