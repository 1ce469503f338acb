/**
 * Why a child Job or one of its pods did not do its work, as a reason and a sentence with the remedy.
 *
 * Retrying is the Job's own business (backoffLimit, podFailurePolicy); here a Job is only ever running, done, or failed for good.
 */
import type { FailedReason } from '../api/conditions.ts';
import { engineReasons } from '../api/conditions.ts';
import { condition, isTrue, type Job, type Pod, type Terminated } from './kube.ts';
import { engineContainer, engineEnd, parseMessage } from './messages.ts';
import type { ChildJob } from './observed.ts';

export interface Failure {
  readonly reason: FailedReason;
  readonly message: string;
}

export type JobState = 'Active' | 'Succeeded' | Failure;

const byExitCode: Readonly<Record<number, FailedReason>> = { 2: 'RecipeInvalid', 3: 'StorageUnavailable', 4: 'QualityRefused', 5: 'OutOfGPUMemory' };

/** Jobs and pods come by different watches; for this long an ended Job's pod may still be seen running. */
const lastWordsMs = 30_000;

export function jobState(child: ChildJob, now: Date): JobState {
  const { conditions } = child.job.status ?? {};
  const ended = ['Complete', 'Failed'].map((type) => condition(conditions, type)).find((candidate) => candidate?.status === 'True');
  if (ended === undefined || mayStillSpeak(child, now.getTime() - Date.parse(ended.lastTransitionTime ?? ''))) return 'Active';
  return ended.type === 'Complete' ? 'Succeeded' : failureOf(child, ended.reason, ended.message);
}

function mayStillSpeak({ pods }: ChildJob, sinceMs: number): boolean {
  return sinceMs < lastWordsMs && pods.some((pod) => engineEnd(pod) === undefined && pod.status?.phase === 'Running');
}

function failureOf(child: ChildJob, jobReason: string | undefined, jobMessage: string | undefined): Failure {
  const name = child.job.metadata.name;
  if (jobReason === 'DeadlineExceeded') return deadlineExceeded(child);
  const last = lastFailure(child.pods);
  if (last === undefined) return { reason: 'Internal', message: `Job ${name} failed (${jobMessage ?? jobReason ?? 'no reason given'}) and left no pod to ask why. Create another PruneJob to try again.` };
  if (jobReason === 'BackoffLimitExceeded') {
    const tries = child.job.status?.failed ?? child.pods.length;
    return { reason: 'BackoffLimitExceeded', message: `The ${child.stage} pod failed ${tries} times; the last time: ${sentence(last)}` };
  }
  return { reason: engineReason(last), message: sentence(last) };
}

function deadlineExceeded({ stage, job }: ChildJob): Failure {
  const limit = job.spec?.activeDeadlineSeconds ?? 0;
  return { reason: 'DeadlineExceeded', message: `The ${stage} Job ${job.metadata.name} ran longer than its ${limit} s. Raise runner.activeDeadline in another PruneJob; what is published is reused.` };
}

function lastFailure(pods: readonly Pod[]): Terminated | undefined {
  const ends = pods.map(engineEnd).filter((end) => end !== undefined && end.exitCode !== 0);
  return ends.sort((a, b) => (a?.finishedAt ?? '').localeCompare(b?.finishedAt ?? '')).at(-1);
}

function engineReason(end: Terminated): FailedReason {
  const message = parseMessage(end.message);
  const said = message?.kind === 'Error' ? engineReasons.find((reason) => reason === message.reason) : undefined;
  return said ?? byExitCode[end.exitCode] ?? 'Internal';
}

function sentence(end: Terminated): string {
  const message = parseMessage(end.message);
  if (message?.kind === 'Error') return message.message;
  if (end.reason === 'OOMKilled') return 'it ran out of host memory (OOMKilled). Raise the engine container\'s memory in runner.podTemplate.';
  const tail = end.message === undefined || end.message === '' ? '' : `: ${end.message.trim().slice(-500)}`;
  return `the engine ended with exit code ${end.exitCode}${tail}. Its log says more: kubectl logs.`;
}

/** Something that keeps a pod from starting and that somebody else may still mend. */
export interface Obstacle {
  readonly reason: 'SecretNotFound' | 'ImagePullFailed' | 'PodNotCreated';
  readonly message: string;
}

const imageReasons = ['ErrImagePull', 'ImagePullBackOff', 'InvalidImageName', 'ErrImageNeverPull', 'RegistryUnavailable'];

/** The Job controller makes a pod within a second or so, and tells of a refused one only in an event. */
const podWithinMs = 15_000;

export function obstacleOf(child: ChildJob, now: Date): Obstacle | undefined {
  return child.pods.map(podObstacle).find((obstacle) => obstacle !== undefined) ?? podNotCreated(child, now);
}

function podNotCreated(child: ChildJob, now: Date): Obstacle | undefined {
  const { metadata: { name, namespace, creationTimestamp }, status } = child.job;
  // A Job that a queue held back starts when it is admitted.
  const since = status?.startTime ?? creationTimestamp;
  if (!lacksPod(child) || since === undefined || now.getTime() - Date.parse(since) < podWithinMs) return undefined;
  const command = `kubectl -n ${namespace ?? ''} describe job ${name}`;
  return { reason: 'PodNotCreated', message: `No pod could be created for Job ${name}. Meet what refuses it, most often a quota or Pod Security: \`${command}\` says which.` };
}

/** A failed pod that is gone may be followed by another after a while, so only a Job that never had one counts. */
export function lacksPod({ job, pods }: ChildJob): boolean {
  const { active = 0, failed = 0 } = job.status ?? {};
  return pods.length === 0 && job.spec?.suspend !== true && active + failed === 0;
}

function podObstacle(pod: Pod): Obstacle | undefined {
  const waiting = waitingStates(pod).find(({ reason }) => blocks(reason));
  if (waiting === undefined) return undefined;
  return obstacleFor(waiting.reason ?? '', `Pod ${pod.metadata.name}`, (waiting.message ?? waiting.reason ?? '').trim());
}

function waitingStates({ status }: Pod): { readonly reason?: string; readonly message?: string }[] {
  const containers = [...(status?.initContainerStatuses ?? []), ...(status?.containerStatuses ?? [])];
  return containers.map(({ state }) => state?.waiting).filter((waiting) => waiting !== undefined);
}

function obstacleFor(reason: string, pod: string, said: string): Obstacle {
  if (reason === 'CreateContainerConfigError') {
    return { reason: 'SecretNotFound', message: `${pod} cannot start: ${said}. Create what it names, or remove it from the ServiceAccount's secrets or from runner.podTemplate.` };
  }
  return { reason: 'ImagePullFailed', message: `${pod} cannot pull its image: ${said}. Correct the image or its pull secret.` };
}

function blocks(reason: string | undefined): boolean {
  return reason === 'CreateContainerConfigError' || (reason !== undefined && imageReasons.includes(reason));
}

/** Why a Job that should run has no running pod yet; undefined once it has one. The hint is for a pod that no node takes. */
export function queuedBecause({ job, pods }: ChildJob, hint?: string): string | undefined {
  if (job.spec?.suspend === true) return `Job ${job.metadata.name} waits for its queue to admit it.`;
  if (pods.some(hasStarted)) return undefined;
  const unschedulable = unschedulableBecause(pods);
  if (unschedulable !== undefined) return hint === undefined ? unschedulable : `${hint} ${unschedulable}`;
  return `Job ${job.metadata.name} waits for its pod to start.`;
}

export function unschedulableBecause(pods: readonly Pod[]): string | undefined {
  const refused = pods.map((pod) => condition(pod.status?.conditions, 'PodScheduled')).find((scheduled) => scheduled?.status === 'False');
  return refused === undefined ? undefined : `No node takes the pod yet: ${refused.message ?? refused.reason ?? ''}`;
}

function hasStarted(pod: Pod): boolean {
  const engine = pod.status?.containerStatuses?.find(({ name }) => name === engineContainer);
  return engine?.state?.running !== undefined;
}

export function isFinished({ status }: Job): boolean {
  return isTrue(status?.conditions, 'Complete') || isTrue(status?.conditions, 'Failed');
}
