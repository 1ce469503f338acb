/** What keeps a Job's pod from starting and is told by its containers, or by there being no pod at all. */
import { isTrue } from '../kube.ts';
import type { ChildJob } from '../observed.ts';
import { isHeld } from '../queue/kueue.ts';
import { waitingBecause, type Obstacle } from './waiting.ts';

/** The Job controller makes a pod within a second or so, and tells of a refused one only in an event. */
const podWithinMs = 15_000;

export function obstacleOf(child: ChildJob, now: Date): Obstacle | undefined {
  if (isHeld(child.job)) return undefined;
  return child.pods.map(waitingBecause).find((obstacle) => obstacle !== undefined) ?? podNotCreated(child, now);
}

function podNotCreated(child: ChildJob, now: Date): Obstacle | undefined {
  const { metadata: { name, namespace, creationTimestamp }, status } = child.job;
  // A Job that a queue held back starts when it is admitted; until its controller has seen that, it has no new start.
  const since = status?.startTime ?? (isTrue(status?.conditions, 'Suspended') ? undefined : creationTimestamp);
  if (!lacksPod(child) || since === undefined || now.getTime() - Date.parse(since) < podWithinMs) return undefined;
  const command = `kubectl -n ${namespace ?? ''} describe job ${name}`;
  return { reason: 'PodNotCreated', hopeless: false, message: `No pod could be created for Job ${name}. Meet what refuses it, most often a quota or Pod Security: \`${command}\` says which.` };
}

/** A failed pod that is gone may be followed by another after a while, so only a Job that never had one counts. */
export function lacksPod({ job, pods }: ChildJob): boolean {
  const { active = 0, failed = 0 } = job.status ?? {};
  return pods.length === 0 && !isHeld(job) && active + failed === 0;
}
