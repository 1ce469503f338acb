/**
 * What the pods of a new template tell of a bad end before it comes: waiting longer would only hold GPUs.
 *
 * One crash is no verdict: a server, or what fetches its model, may lose a race with its storage, and the kubelet starts it again.
 */
import { waitOf } from '../failure/waiting.ts';
import { condition, type ContainerStatus, type Pod } from '../kube.ts';
import type { Stuck } from './adapter.ts';

/** By then the kubelet has paused three times: about a minute after the first crash of a container that crashes at once. */
const crashesOfALoop = 3;
const remedy = "Correct the image of the service's pods, or its pull secret.";

/** As a sentence. `told` is what the service says of its pods, which may be of earlier ones, or of a first crash: it counts beside a crash loop. */
export function podFailure(subject: string, pods: readonly Pod[], told?: string): string | undefined {
  const crashing = pods.find((pod) => containersOf(pod).some(isCrashLooping));
  if (crashing !== undefined) return `Pod ${crashing.metadata.name} of ${subject} keeps crashing (CrashLoopBackOff); kubectl logs says why${told === undefined ? '' : `. ${told}`}`;
  const misnamed = pods.map(waitOf).find((wait) => wait?.row.hopeless);
  return misnamed && `${misnamed.what} ${remedy}`;
}

/** The first pod of these whose image is refused. */
export function stuckPod(pods: readonly Pod[]): Stuck | undefined {
  return pods.flatMap((pod) => stuck(pod) ?? []).at(0);
}

function stuck(pod: Pod): Stuck | undefined {
  const wait = waitOf(pod);
  const since = triedSince(pod);
  return since !== undefined && wait?.row.refusal?.test(wait.said) ? { since, message: `${wait.what} ${remedy}` } : undefined;
}

/** No container says since when it waits. The others begin when the init containers have ended, which may have fetched a big model. */
function triedSince({ status }: Pod): string | undefined {
  const initialized = condition(status?.conditions, 'Initialized');
  return initialized?.status === 'True' ? initialized.lastTransitionTime : status?.startTime;
}

function isCrashLooping({ restartCount = 0, state }: ContainerStatus): boolean {
  return restartCount >= crashesOfALoop && state?.waiting?.reason === 'CrashLoopBackOff';
}

function containersOf({ status }: Pod): readonly ContainerStatus[] {
  return [...(status?.initContainerStatuses ?? []), ...(status?.containerStatuses ?? [])];
}
