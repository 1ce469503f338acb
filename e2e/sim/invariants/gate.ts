/**
 * The gate at the endpoint: no service moves before its canary was asked in this very rollout and found good, and who is over asks nobody
 * any more and has no canary left.
 */
import type { PruneJob } from '../../../src/api/v1alpha1/prunejob.ts';
import { inferenceServiceType } from '../../../src/prunejob/serving/kserve-types.ts';
import { pruneJobType } from '../../../src/shell/resources.ts';
import { placeOf } from '../actors/bucket.ts';
import { acceptance } from '../actors/engine.ts';
import { isOver } from '../stages.ts';
import type { Commit } from '../api-server/storage.ts';
import { movesTo } from './canary.ts';
import type { Context, Rule } from './invariant.ts';
import { conditionOf, isOf, isOperator, named, pruneJobs, receiptOf, serviceOf, stageOfJob, unfinishedJobsOf, type Service } from './questions.ts';

export const gate: Rule = (context) => ({
  committed: (commit) => {
    const { before, after, by } = commit;
    if (after === undefined || before === undefined) return;
    if (isOf(commit, inferenceServiceType) && isOperator(by)) written(context, before, after);
    if (isOf(commit, pruneJobType) && ends(commit)) ended(context, after as PruneJob);
  },
});

function written(context: Context, before: Service, after: Service): void {
  const owner = named(context, receiptOf(after));
  if (owner?.spec.quality?.endpoint === undefined || !movesTo(owner, before, after)) return;
  if (!context.engine.accepted.has(acceptance(owner, placeOf(owner).uri))) context.violated('the gate comes first', `The operator moved service ${after.metadata.name}, and no canary of this rollout of PruneJob ${owner.metadata.name} was asked and found good.`);
}

function ends({ before, after }: Commit): boolean {
  return !isOver(before as PruneJob) && isOver(after as PruneJob);
}

function ended(context: Context, pruneJob: PruneJob): void {
  const { name, uid } = pruneJob.metadata;
  if (pruneJob.spec.quality?.endpoint === undefined || hasGivenUp(pruneJob)) return;
  const asking = unfinishedJobsOf(context, uid).filter((job) => stageOfJob(job) === 'evaluate' && job.metadata.deletionTimestamp === undefined);
  if (asking.length > 0) context.violated('nothing of the gate is left', `PruneJob ${name} is over, and ${asking.map(({ metadata }) => metadata.name).join(', ')} goes on asking.`);
  if (hasCanaryOf(context, pruneJob)) context.violated('nothing of the gate is left', `PruneJob ${name} is over, and its canary is still asked for.`);
}

/** On a service that would not come back in time. */
function hasGivenUp(pruneJob: PruneJob): boolean {
  return conditionOf(pruneJob, 'RolledBack')?.reason === 'RolloutFailed';
}

/** And not that of another PruneJob with the same run. */
function hasCanaryOf(context: Context, pruneJob: PruneJob): boolean {
  const { uri } = placeOf(pruneJob);
  const entries = serviceOf(context, pruneJob)?.spec?.canary ?? [];
  return entries.some(({ predictor }) => predictor?.model?.storageUri === uri) && !pruneJobs(context).some((other) => !isOver(other) && placeOf(other).uri === uri);
}
