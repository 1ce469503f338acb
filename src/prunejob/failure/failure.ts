/**
 * What became of a child Job: running, done, failed for good, or between two tries; with a reason and a sentence that has the remedy.
 *
 * Retrying is the Job's own business (backoffLimit, podFailurePolicy), except on another node: that takes another Job.
 */
import { disruption, podFailure, type PodFailure } from './pod-failure.ts';
import type { Failure, Retry } from './row.ts';
import { condition, isTrue, type Job, type Pod } from '../kube.ts';
import { engineEnd } from '../engine/messages.ts';
import type { ChildJob } from '../observed.ts';

export type { Failure } from './row.ts';

/** Of a Job: what may follow it. */
export interface JobFailure extends Failure {
  readonly retry: Retry;
}

export type JobState = 'Active' | 'Succeeded' | JobFailure;

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

function failureOf(child: ChildJob, jobReason: string | undefined, jobMessage: string | undefined): JobFailure {
  const name = child.job.metadata.name;
  const last = lastFailure(child.pods);
  if (jobReason === 'DeadlineExceeded') return deadlineExceeded(child, last);
  if (last === undefined) return { reason: 'Internal', retry: 'Never', message: `Job ${name} failed (${jobMessage ?? jobReason ?? 'no reason given'}) and left no pod to ask why. Create another PruneJob to try again.` };
  if (jobReason !== 'BackoffLimitExceeded') return last;
  const tries = child.job.status?.failed ?? child.pods.length;
  return { ...last, message: `The ${child.stage} pod failed ${tries} times; the last time: ${last.message}` };
}

function deadlineExceeded({ stage, job }: ChildJob, last: PodFailure | undefined): JobFailure {
  const limit = job.spec?.activeDeadlineSeconds ?? 0;
  const before = last === undefined ? '' : ` Before that: ${last.message}`;
  return { reason: 'DeadlineExceeded', retry: 'Never', message: `The ${stage} Job ${job.metadata.name} ran longer than its ${limit} s. Raise runner.activeDeadline in another PruneJob; what is published is reused.${before}` };
}

/** A pod that was taken away costs no try, so it ends no Job as long as another one failed by itself. */
function lastFailure(pods: readonly Pod[]): PodFailure | undefined {
  const failed = pods.filter(hasFailed).sort((a, b) => endedAt(a).localeCompare(endedAt(b)));
  const last = failed.findLast((pod) => disruption(pod) === undefined) ?? failed.at(-1);
  return last === undefined ? undefined : podFailure(last);
}

function hasFailed(pod: Pod): boolean {
  const end = engineEnd(pod);
  return pod.status?.phase === 'Failed' || (end !== undefined && end.exitCode !== 0);
}

function endedAt(pod: Pod): string {
  return engineEnd(pod)?.finishedAt ?? pod.metadata.deletionTimestamp ?? pod.metadata.creationTimestamp ?? '';
}

/** Why the Job's newest pod failed, or is being taken away, while no other one took its place yet. */
export function setbackOf({ pods }: ChildJob): PodFailure | undefined {
  const isOver = (pod: Pod): boolean => hasFailed(pod) || disruption(pod) !== undefined;
  if (pods.length === 0 || !pods.every(isOver)) return undefined;
  const last = [...pods].sort((a, b) => endedAt(a).localeCompare(endedAt(b))).at(-1);
  return last === undefined ? undefined : podFailure(last);
}

/** Whose GPUs, or whose way to them, failed a pod of these Jobs. */
export function nodesToAvoid(children: readonly ChildJob[]): string[] {
  const failures = children.flatMap(({ pods }) => pods.filter(hasFailed).map(podFailure));
  return [...new Set(failures.flatMap(({ retry, node }) => (retry === 'Elsewhere' && node !== undefined ? [node] : [])))].sort();
}

export function isFinished({ status }: Job): boolean {
  return isTrue(status?.conditions, 'Complete') || isTrue(status?.conditions, 'Failed');
}
