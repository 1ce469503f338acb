/** A Job of a queue is Kueue's to start and to stop: the operator makes it held back, and never writes its suspend again. */
import type { PruneJob } from '../../../src/api/v1alpha1/prunejob.ts';
import { isHeld, queueOf } from '../../../src/prunejob/queue/kueue.ts';
import { jobType } from '../../../src/shell/resources.ts';
import { pruneJobUid, type LiveJob } from '../../../src/shell/stores.ts';
import type { Context, Rule } from './invariant.ts';
import { byUid, isOf, isOperator, stageOfJob } from './questions.ts';

export const queues: Rule = (context) => ({
  committed: (commit) => {
    if (!isOf(commit, jobType) || !isOperator(commit.by) || commit.after === undefined) return;
    const [before, after] = [commit.before as LiveJob | undefined, commit.after as LiveJob];
    if (before === undefined) made(context, after);
    else if (isHeld(before) !== isHeld(after)) context.violated('a queue holds its Jobs', `The operator wrote the suspend of ${after.metadata.name}.`);
  },
});

function made(context: Context, job: LiveJob): void {
  const pruneJob = byUid(context, pruneJobUid(job));
  const queue = stageOfJob(job) === 'prune' ? queueAskedBy(pruneJob) : undefined;
  if (queueOf(job) !== queue || isHeld(job) !== (queue !== undefined)) context.violated('a queue holds its Jobs', `${job.metadata.name} was made for ${queueOf(job) ?? 'no queue'}, ${isHeld(job) ? '' : 'not '}held back, where the PruneJob names ${queue ?? 'none'}.`);
}

function queueAskedBy(pruneJob: PruneJob | undefined): string | undefined {
  return pruneJob?.spec.runner.queueName;
}
