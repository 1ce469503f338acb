/** Never two engines at once: for one PruneJob, nor for one known run that publishes to one place. */
import type { PruneJob } from '../../../src/api/v1alpha1/prunejob.ts';
import { jobType, podType } from '../../../src/shell/resources.ts';
import { pruneJobUid } from '../../../src/shell/stores.ts';
import type { LiveJob, LivePod } from '../../../src/shell/stores.ts';
import { placeOf } from '../actors/bucket.ts';
import type { Commit } from '../api-server/storage.ts';
import type { Context, Rule } from './invariant.ts';
import { byUid, isOf, pruneJobs, runningPodsOf, stageOfJob, unfinishedJobsOf } from './questions.ts';

export const oneEngine: Rule = (context) => ({
  committed: (commit) => {
    if (isOf(commit, jobType) && commit.before === undefined) jobMade(context, commit);
    if (isOf(commit, podType)) podMoved(context, commit);
  },
});

function jobMade(context: Context, { after }: Commit): void {
  const job = after as LiveJob;
  const uid = pruneJobUid(job);
  const others = unfinishedJobsOf(context, uid).filter(({ metadata }) => metadata.uid !== job.metadata.uid);
  if (others.length > 0) context.violated('one engine Job', `${job.metadata.name} was created while ${others.map(({ metadata }) => metadata.name).join(', ')} had not ended.`);
  const pruneJob = byUid(context, uid);
  if (pruneJob === undefined || !writes(job) || pruneJob.status?.runKey === undefined) return;
  const rival = pruneJobs(context).find((other) => isRival(pruneJob, other) && unfinishedJobsOf(context, other.metadata.uid).some(writes));
  if (rival !== undefined) context.violated('one engine Job for one run', `${job.metadata.name} was created while PruneJob ${rival.metadata.name} had a Job for the same run and place.`);
}

/** To the place of its run. */
function writes(job: LiveJob): boolean {
  return ['prune', 'clean'].includes(stageOfJob(job) ?? '');
}

function isRival(pruneJob: PruneJob, other: PruneJob): boolean {
  return other.metadata.uid !== pruneJob.metadata.uid && other.status?.runKey === pruneJob.status?.runKey && placeOf(other).uri === placeOf(pruneJob).uri;
}

function podMoved(context: Context, { before, after }: Commit): void {
  const pod = after as LivePod | undefined;
  const uid = pod && pruneJobUid(pod);
  if (uid === undefined || pod?.status?.phase !== 'Running' || (before as LivePod | undefined)?.status?.phase === 'Running') return;
  const running = runningPodsOf(context, uid);
  if (running.length > 1) context.violated('one engine pod', `${running.map(({ metadata }) => metadata.name).join(' and ')} run at once.`);
}
