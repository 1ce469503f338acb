/** Which pods can be asked for their progress: prune pods that run and have an address. */
import { labels } from '../api/names.ts';
import { hostOf } from '../prunejob/serving/endpoints.ts';
import { keyOf } from '../runtime/keys.ts';
import type { ProgressTarget } from './progress.ts';
import { pruneJobUid, type LivePod, type Stores } from './stores.ts';

const port = 8080;

export function progressTargets({ pruneJobs, enginePods }: Pick<Stores, 'pruneJobs' | 'enginePods'>): ProgressTarget[] {
  return enginePods.list().flatMap((pod) => {
    const pruneJob = pruneJobs.byIndex('uid', pruneJobUid(pod) ?? '')[0];
    const url = progressUrl(pod);
    return pruneJob === undefined || url === undefined ? [] : [{ key: keyOf(pruneJob), podUid: pod.metadata.uid ?? '', url }];
  });
}

function progressUrl({ metadata, status }: LivePod): string | undefined {
  const isPruning = metadata.labels?.[labels.stage] === 'prune' && status?.phase === 'Running';
  if (!isPruning || status.podIP === undefined) return undefined;
  return `http://${hostOf(status.podIP)}:${port}/progress`;
}
