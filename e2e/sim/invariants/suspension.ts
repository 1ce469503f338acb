/** A suspended PruneJob holds no GPU: two minutes after it says so none of its pods runs. */
import type { PruneJob } from '../../../src/api/v1alpha1/prunejob.ts';
import { pruneJobType } from '../../../src/shell/resources.ts';
import { isOver } from '../stages.ts';
import type { Context, Rule } from './invariant.ts';
import { byUid, conditionOf, holds, isOf, pruneJobs, runningPodsOf } from './questions.ts';

const withinMs = 120_000;

export const suspension: Rule = (context) => ({
  committed: (commit) => {
    if (!isOf(commit, pruneJobType) || commit.after === undefined) return;
    const [before, after] = [commit.before as PruneJob | undefined, commit.after as PruneJob];
    if (!isSuspended(after) || (before !== undefined && isSuspended(before))) return;
    // What may still run was there by now; so soon nobody ends it for another reason.
    context.scheduler.after(30_000, () => { look(context, after); });
    context.scheduler.after(withinMs, () => { look(context, after); });
  },
  rested: () => { for (const pruneJob of pruneJobs(context)) if (isSuspended(pruneJob)) look(context, pruneJob); },
});

function isSuspended(pruneJob: PruneJob): boolean {
  return pruneJob.spec.suspend === true && holds(pruneJob, 'Suspended') && !isOver(pruneJob);
}

function look(context: Context, then: PruneJob): void {
  const now = byUid(context, then.metadata.uid);
  if (now === undefined || !isSuspended(now) || now.metadata.deletionTimestamp !== undefined || since(now) !== since(then)) return;
  const running = runningPodsOf(context, now.metadata.uid).filter(({ metadata }) => metadata.deletionTimestamp === undefined);
  if (running.length > 0) context.violated('a suspended run holds no GPU', `Pod ${running[0]?.metadata.name ?? ''} runs though PruneJob ${now.metadata.name} says that it is suspended.`);
}

function since(pruneJob: PruneJob): string | undefined {
  return conditionOf(pruneJob, 'Suspended')?.lastTransitionTime;
}
